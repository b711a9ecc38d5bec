import { mkdirSync, writeFileSync } from 'node:fs';
import { pictures } from './pictures.js';

const folder = new URL('../images/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, svg] of Object.entries(pictures)) writeFileSync(new URL(name, folder), svg);

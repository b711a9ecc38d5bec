export { arrowViolations, type Arrows } from './arrows.js';
export { circleViolations } from './circles.js';
export { linkViolations } from './links.js';
export { readmeViolations, useExample } from './readme.js';
export { publishedPackages, type PackageFolder } from './workspace.js';

import { doctor } from '@audio-ssl/backend';
import type { Command } from 'commander';
import { askedBackend } from '../terminal/asked-backend.js';
import { doctorReport } from '../terminal/doctor-report.js';
import { printResult } from '../terminal/print-result.js';

/** Adds `audio-ssl doctor`. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'print versions, backend (AUDIO_SSL_BACKEND asks for one), device, threads and speed, and what is missing',
    )
    .action(async () => {
      printResult(doctorReport(await doctor(askedBackend())));
    });
}

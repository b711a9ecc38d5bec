import { readLog, runFiles, type LogEntry } from '@audio-ssl/trainer';
import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { eventRecord, type TensorboardEvent } from './event-record.js';

/** What a step gave. */
type Entry = Pick<LogEntry, 'step' | 'metrics' | 'notes'>;

/** An event file of TensorBoard that grows with a session of a run. */
export interface TensorboardLog {
  append(entry: Entry): void;
  close(): void;
}

const NAME = /^events\.out\.tfevents\.(\d+)\./;

/**
 * The event file of a session of a run, made at its first step. What the files of earlier sessions hold from that step on is
 * hidden, so that the curves of a resumed run are those of an unbroken one; where there is none yet, the steps before are
 * taken from the run's log.
 *
 * @param scalarsAt values of schedules at a step, counted from 0
 * @param onWarning called once when the file cannot be written: the run goes on
 */
export async function tensorboardLog(
  run: string,
  scalarsAt: (step: number) => Readonly<Record<string, number>>,
  onWarning: (message: string) => void,
): Promise<TensorboardLog> {
  const folder = join(run, runFiles.tensorboard);
  const logged = await readLog(run);
  let file: number | undefined;
  let failed = false;
  let before: readonly string[] = []; // notes of the step before: one is written where it begins

  const eventOf = ({ step, metrics, notes = [] }: Entry, wallTime: number): TensorboardEvent => {
    const begun = notes.filter((note) => !before.includes(note));
    before = notes;
    const schedules = Object.entries(scalarsAt(step)).map(([name, value]) => [`schedule/${name}`, value] as const);
    return {
      ...{ wallTime, step, scalars: { ...metrics, ...Object.fromEntries(schedules) } },
      texts: begun.length > 0 ? { notes: begun.join('\n\n') } : {},
    };
  };
  const open = (from: number): TensorboardEvent[] => {
    mkdirSync(folder, { recursive: true });
    const earlier = readdirSync(folder).flatMap((name) => Number(NAME.exec(name)?.[1] ?? []));
    // TensorBoard reads files in the order of their names.
    const second = Math.max(Math.floor(Date.now() / 1000), ...earlier.map((time) => time + 1));
    file = openSync(join(folder, `events.out.tfevents.${second}.${hostname()}.${process.pid}.0`), 'wx');
    const wallTime = Date.now() / 1000;
    const done = logged.filter(({ step }) => step < from);
    return [
      { wallTime, fileVersion: 'brain.Event:2' },
      ...(earlier.length > 0
        ? [{ wallTime, sessionFrom: from }]
        : done.map((entry) => eventOf(entry, Date.parse(entry.time) / 1000))),
    ];
  };
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };

  return {
    append: (entry) => {
      if (failed) return;
      try {
        const first = file === undefined ? open(entry.step) : [];
        writeSync(file!, Buffer.concat([...first, eventOf(entry, Date.now() / 1000)].map(eventRecord)));
      } catch (error) {
        failed = true;
        close();
        onWarning(`no event files for TensorBoard any more: ${(error as Error).message}; the run goes on`);
      }
    },
    close,
  };
}

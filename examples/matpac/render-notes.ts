/**
 * Renders the notes in `data/` from the MIT-licensed FluidR3 GM SoundFont, in NSynth's layout. The result is committed,
 * so nobody has to run this; it is here so that anybody can see how the notes were made, or make others.
 *
 *     sudo apt-get install fluidsynth fluid-soundfont-gm sox flac
 *     node --import tsx examples/matpac/render-notes.ts [folder]
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { writeMidi, type MidiEvent } from 'midi-file';

const soundFont = '/usr/share/sounds/sf2/FluidR3_GM.sf2';
const licence = '/usr/share/doc/fluid-soundfont-gm/copyright';

const sampleRate = 16_000;
const noteSeconds = 2;
/** The key is let go here, so that a note has an attack, a body and a release. */
const heldSeconds = 1.6;
/** Notes of one instrument start this far apart; what still rings is cut off half a second before the next. */
const spacingSeconds = 4;
/** Full scale is 1; quieter notes are dropped. Some instruments are silent outside their range. */
const quietestPeak = 100 / 32768;
const notesPerFamily = 60;
/** One range for every instrument, as in NSynth, so that the pitch does not give the family away. */
const [lowestPitch, highestPitch] = [36, 84];
const velocities = [25, 50, 75, 100, 127];

type Program = readonly [name: string, program: number, bank?: number];

/**
 * NSynth's families in NSynth's order (`instrument_family` is the position), with programs of the SoundFont. No program
 * is here twice under two names: programs that play another one's samples (Bright Grand and Honky Tonk the Grand's,
 * Fiddle the Violin's, ...) are left out, or an instrument kept for testing would have been heard in training.
 */
const families: Readonly<Record<string, readonly Program[]>> = {
  bass: [
    ['Acoustic Bass', 32],
    ['Fingered Bass', 33],
    ['Picked Bass', 34],
    ['Fretless Bass', 35],
    ['Slap Bass', 36],
    ['Pop Bass', 37],
    ['Synth Bass 1', 38],
    ['Synth Bass 2', 39],
  ],
  brass: [
    ['Trumpet', 56],
    ['Trombone', 57],
    ['Tuba', 58],
    ['Muted Trumpet', 59],
    ['French Horns', 60],
    ['Brass Section', 61],
    ['Synth Brass 1', 62],
  ],
  flute: [
    ['Piccolo', 72],
    ['Flute', 73],
    ['Recorder', 74],
    ['Pan Flute', 75],
    ['Bottle Chiff', 76],
    ['Shakuhachi', 77],
    ['Whistle', 78],
    ['Ocarina', 79],
  ],
  guitar: [
    ['Nylon String Guitar', 24],
    ['Steel String Guitar', 25],
    ['Jazz Guitar', 26],
    ['Clean Guitar', 27],
    ['Palm Muted Guitar', 28],
    ['Overdrive Guitar', 29],
    ['Distortion Guitar', 30],
    ['Guitar Harmonics', 31],
  ],
  keyboard: [
    ['Yamaha Grand Piano', 0],
    ['Electric Piano', 2],
    ['Rhodes EP', 4],
    ['Legend EP 2', 5],
    ['Harpsichord', 6],
    ['Clavinet', 7],
  ],
  mallet: [
    ['Celesta', 8],
    ['Glockenspiel', 9],
    ['Music Box', 10],
    ['Vibraphone', 11],
    ['Marimba', 12],
    ['Xylophone', 13],
    ['Tubular Bells', 14],
    ['Dulcimer', 15],
    ['Kalimba', 108],
    ['Steel Drums', 114],
  ],
  organ: [
    ['DrawbarOrgan', 16],
    ['Percussive Organ', 17],
    ['Rock Organ', 18],
    ['Church Organ', 19],
    ['Reed Organ', 20],
    ['Accordian', 21],
  ],
  reed: [
    ['Soprano Sax', 64],
    ['Alto Sax', 65],
    ['Tenor Sax', 66],
    ['Baritone Sax', 67],
    ['Oboe', 68],
    ['English Horn', 69],
    ['Bassoon', 70],
    ['Clarinet', 71],
    ['BagPipe', 109],
    ['Shenai', 111],
  ],
  string: [
    ['Violin', 40],
    ['Viola', 41],
    ['Cello', 42],
    ['Contrabass', 43],
    ['Pizzicato Section', 45],
    ['Harp', 46],
    ['Strings', 48],
  ],
  synth_lead: [
    ['Square Lead', 80],
    ['Saw Wave', 81],
    ['Calliope Lead', 82],
    ['Chiffer Lead', 83],
    ['Sine Wave', 80, 8],
  ],
  vocal: [
    ['Ahh Choir', 52],
    ['Ohh Voices', 53],
    ['Synth Voice', 54],
    ['Solo Vox', 85],
  ],
};

interface Note {
  readonly pitch: number;
  readonly velocity: number;
}

/** `count` notes spread evenly over pitch (a golden-ratio sequence) and velocity; another `instrument`, other pitches. */
function plan(instrument: number, count: number): Note[] {
  const golden = (Math.sqrt(5) - 1) / 2;
  const notes = new Map<number, Note>();
  for (let i = 0; notes.size < count; i++) {
    const position = ((instrument + 1) * Math.SQRT2 + i * golden) % 1;
    const pitch = lowestPitch + Math.floor(position * (highestPitch - lowestPitch + 1));
    const velocity = velocities[(instrument + notes.size) % velocities.length]!;
    if (!notes.has(pitch)) notes.set(pitch, { pitch, velocity });
  }
  return [...notes.values()];
}

/** A MIDI file that plays the notes one after another, each alone. */
function midi([, program, bank = 0]: Program, notes: readonly Note[]): Uint8Array {
  const ticksPerSecond = 960; // 480 ticks a beat at MIDI's default tempo of two beats a second
  const timed: { readonly at: number; readonly event: MidiEvent }[] = [
    { at: 0, event: { deltaTime: 0, type: 'controller', channel: 0, controllerType: 0, value: bank } },
    { at: 0, event: { deltaTime: 0, type: 'programChange', channel: 0, programNumber: program } },
  ];
  notes.forEach(({ pitch, velocity }, i) => {
    const at = i * spacingSeconds;
    timed.push(
      { at, event: { deltaTime: 0, type: 'noteOn', channel: 0, noteNumber: pitch, velocity } },
      { at: at + heldSeconds, event: { deltaTime: 0, type: 'noteOff', channel: 0, noteNumber: pitch, velocity: 0 } },
      // 120: all sound off
      {
        at: at + spacingSeconds - 0.5,
        event: { deltaTime: 0, type: 'controller', channel: 0, controllerType: 120, value: 0 },
      },
    );
  });
  let now = 0;
  const events = timed.map(({ at, event }) => {
    const ticks = Math.round(at * ticksPerSecond);
    const deltaTime = ticks - now;
    now = ticks;
    return { ...event, deltaTime };
  });
  events.push({ deltaTime: ticksPerSecond, type: 'endOfTrack' });
  return Uint8Array.from(writeMidi({ header: { format: 0, numTracks: 1, ticksPerBeat: 480 }, tracks: [events] }));
}

/** Plays the notes dry (no reverb, no chorus) at 48 kHz and brings them to 16 kHz mono, which avoids aliasing. */
function render(program: Program, notes: readonly Note[], scratch: string): Int16Array[] {
  const [midiFile, waveFile] = [join(scratch, 'notes.mid'), join(scratch, 'notes.wav')];
  writeFileSync(midiFile, midi(program, notes));
  const player = [
    '-ni',
    '-q',
    '-g',
    '0.4',
    '-R',
    '0',
    '-C',
    '0',
    '-r',
    '48000',
    '-O',
    's16',
    '-o',
    'synth.midi-bank-select=gs',
  ];
  execFileSync('fluidsynth', [...player, '-F', waveFile, soundFont, midiFile], { stdio: 'pipe' });
  const target = ['-t', 'raw', '-e', 'signed', '-b', '16', '-L', '-c', '1', '-r', String(sampleRate), '-'];
  const bytes = execFileSync('sox', ['-D', waveFile, ...target], { maxBuffer: 2 ** 30, stdio: 'pipe' });
  const samples = new Int16Array(Uint8Array.from(bytes).buffer);
  const fade = sampleRate / 100;
  return notes.map((_, i) => {
    const from = i * spacingSeconds * sampleRate;
    const note = samples.slice(from, from + noteSeconds * sampleRate);
    // what still rings ends in a 10 ms ramp, not in a click
    for (let k = 1; k <= fade; k++) note[note.length - k] = Math.round((note[note.length - k]! * (k - 1)) / fade);
    return note;
  });
}

function encode(note: Int16Array, path: string): void {
  const format = ['--endian=little', '--sign=signed', '--channels=1', '--bps=16', `--sample-rate=${sampleRate}`];
  const flags = ['--silent', '--force', '--best', '--no-padding', '--no-seektable', '--force-raw-format', ...format];
  execFileSync('flac', [...flags, '-o', path, '-'], { input: new Uint8Array(note.buffer), stdio: 'pipe' });
}

const peak = (note: Int16Array): number => note.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) / 32768;

function main(folder: string): void {
  if (!existsSync(soundFont)) {
    throw new Error(`render-notes: ${soundFont} is missing; apt-get install fluidsynth fluid-soundfont-gm sox flac`);
  }
  const audio = join(folder, 'audio');
  rmSync(audio, { recursive: true, force: true });
  mkdirSync(audio, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'render-notes-'));
  const examples: Record<string, Record<string, unknown>> = {};
  const table: { family: string; instruments: number; notes: number; quiet: number; bytes: number }[] = [];
  let instrument = 0;
  for (const [familyIndex, [family, programs]] of Object.entries(families).entries()) {
    const row = { family, instruments: programs.length, notes: 0, quiet: 0, bytes: 0 };
    for (const [place, program] of programs.entries()) {
      const wanted = Math.floor(((place + 1) * notesPerFamily) / programs.length) - row.notes;
      const planned = plan(instrument, Math.min(2 * wanted, highestPitch - lowestPitch + 1));
      const rendered = render(program, planned, scratch).map((samples, i) => ({ ...planned[i]!, samples }));
      const loud = rendered.filter(({ samples }) => peak(samples) >= quietestPeak);
      row.quiet += rendered.length - loud.length;
      for (const { pitch, velocity, samples } of loud.slice(0, wanted)) {
        const instrumentName = `${family}_synthetic_${String(place).padStart(3, '0')}`;
        const name = [instrumentName, ...[pitch, velocity].map((n) => String(n).padStart(3, '0'))].join('-');
        const path = join(audio, `${name}.flac`);
        encode(samples, path);
        row.notes++;
        row.bytes += statSync(path).size;
        examples[name] = {
          note: Object.keys(examples).length,
          note_str: name,
          instrument,
          instrument_str: instrumentName,
          pitch,
          velocity,
          sample_rate: sampleRate,
          instrument_family: familyIndex,
          instrument_family_str: family,
          instrument_source: 2,
          instrument_source_str: 'synthetic',
          program: program[1],
          bank: program[2] ?? 0,
          program_name: program[0],
        };
      }
      instrument++;
    }
    table.push(row);
  }
  rmSync(scratch, { recursive: true });
  writeFileSync(join(folder, 'examples.json'), `${JSON.stringify(examples, null, 1)}\n`);
  copyFileSync(licence, join(folder, 'LICENSE'));
  console.table(table);

  const total = (key: 'instruments' | 'notes' | 'bytes'): number => table.reduce((sum, row) => sum + row[key], 0);
  console.log(`${total('notes')} notes, ${total('instruments')} instruments, ${(total('bytes') / 1e6).toFixed(2)} MB`);
  const files = readdirSync(audio).map((name) => statSync(join(audio, name)).size);
  const checks: readonly (readonly [string, boolean])[] = [
    ['10 or more families', table.length >= 10],
    ['450 or more notes', total('notes') >= 450],
    ['a file for every note', files.length === total('notes')],
    ['no family with fewer than 80 % of its notes', table.every(({ notes }) => notes >= 0.8 * notesPerFamily)],
    ['at most 14 MB', total('bytes') <= 14e6],
    ['no file above 1.5 MB', Math.max(...files) < 1.5e6],
  ];
  const failed = checks.filter(([, holds]) => !holds).map(([what]) => what);
  if (failed.length > 0) throw new Error(`render-notes: the set breaks what it promises: ${failed.join('; ')}`);
}

main(process.argv[2] ?? fileURLToPath(new URL('data', import.meta.url)));

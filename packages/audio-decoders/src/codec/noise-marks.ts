/** Packets of AAC between two marks. */
const STEP = 64;

/** From a mark, decoding goes so far (in samples) to a place that is asked for: about 50 ms of work. */
const NEAR = 2_500_000;

/** Samples of a packet. */
const AAC_FRAME = 1024;

interface Mark {
  readonly start: number;
  readonly state: number;
}

/**
 * Bands of noise in AAC are filled from a generator that runs on from packet to packet, so what a packet decodes to
 * depends on all before it. Marks of its state make the samples after a jump the same as without one. Behind the last
 * mark by more than a minute, the noise of a packet follows from its place: another noise, but each time the same.
 */
export class NoiseMarks {
  // The generator's first state, before whichever packet is the first.
  readonly #marks: Mark[] = [{ start: -(2 ** 40), state: 0x1f2e3d4c }];
  #state: 'known' | 'unknown' | Mark = 'known'; // a mark: known from that on
  #since = 0;

  /** Says that decoding goes on elsewhere; returns the sample to seek so that `sample` comes out right. */
  jump(sample: number): number {
    let mark: Mark | undefined;
    for (let at = this.#marks.length - 1; at >= 0 && !mark; at--) {
      if (this.#marks[at]!.start <= sample - AAC_FRAME) mark = this.#marks[at];
    }
    const near = mark !== undefined && sample - Math.max(0, mark.start) <= NEAR;
    this.#state = near ? mark! : 'unknown';
    this.#since = 0;
    // A demuxer begins one packet earlier than the one that is sought.
    return near ? mark!.start + AAC_FRAME : sample;
  }

  /** Called before each packet with the state of the generator; returns the one to set, if another. */
  before(start: number, state: number): number | undefined {
    if (this.#state === 'unknown') return start >>> 0;
    if (this.#state !== 'known') {
      if (start < this.#state.start) return undefined;
      const known = this.#state.state;
      this.#state = 'known';
      return known;
    }
    if (this.#since++ % STEP === 0 && start > this.#marks.at(-1)!.start) this.#marks.push({ start, state });
    return undefined;
  }
}

/** Frames that are rounded together: those from a multiple of it up to another come out the same whatever stands beside them. */
export const FRAME_GROUP = 8;

/**
 * Fills `data`, (bins, frames), with the log-mels of the first `frames` frames of `signal`, which need not end with the
 * last of them. Samples past that count for nothing, but that they are looked at.
 *
 * @returns false when the signal has a sample that is NaN or infinite; `data` is then worth nothing
 */
export type FrameTransform = (signal: Float32Array, frames: number, data: Float32Array) => boolean;

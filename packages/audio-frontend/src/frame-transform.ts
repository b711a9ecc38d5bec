/** Frames that are rounded together: those from a multiple of it up to another come out the same whatever stands beside them. */
export const FRAME_GROUP = 8;

/**
 * Fills `data`, (bins, frames), with the log-mels of the frames of `signal`, which ends with the last frame or less than a
 * hop behind it.
 *
 * @returns false when the signal has a sample that is NaN or infinite; `data` is then worth nothing
 */
export type FrameTransform = (signal: Float32Array, frames: number, data: Float32Array) => boolean;

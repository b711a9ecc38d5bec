/** The ways in which {@link poolFrames} makes one vector of the frames of a clip. */
export const poolings = ['mean', 'max', 'mean+std', 'mean+max', 'mean+std+max'] as const;

/** How the frames of a clip become one vector: mean, population standard deviation and maximum over time, side by side. */
export type Pooling = (typeof poolings)[number];

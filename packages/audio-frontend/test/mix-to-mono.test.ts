import { seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { frontEnds } from './load-front-end.js';

describe.each(frontEnds)('mixToMono (%s)', (_, { mixToMono }) => {
  it('averages the channels and leaves them as they are', () => {
    const channels = [Float32Array.of(1, 0, -1), Float32Array.of(0, 0.5, -1), Float32Array.of(0.5, 0.25, -1)];
    const before = channels.map((channel) => channel.slice());
    expect(mixToMono({ channels, sampleRate: 8000 })).toEqual(Float32Array.of(0.5, 0.25, -1));
    expect(channels).toEqual(before);
  });

  it('copies a single channel', () => {
    const channel = Float32Array.of(1, 2);
    const mono = mixToMono({ channels: [channel], sampleRate: 8000 });
    expect(mono).toEqual(channel);
    expect(mono).not.toBe(channel);
  });

  it('averages two channels without overflow', () => {
    const channels = [Float32Array.of(1, 3e38), Float32Array.of(0.5, 3e38)];
    expect(mixToMono({ channels, sampleRate: 8000 })).toEqual(Float32Array.of(0.75, 3e38));
  });

  it('averages long channels of any length', () => {
    const random = seeded(1);
    for (const length of [0, 1, 3, 16_384, 16_385, 50_003]) {
      const [left, right] = [0, 1].map(() => Float32Array.from({ length }, () => random() - 0.5));
      const mono = mixToMono({ channels: [left!, right!], sampleRate: 8000 });
      expect(mono).toEqual(left!.map((value, i) => (value + right![i]!) / 2));
    }
  });

  it('takes one channel, counted from 0', () => {
    const channels = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    const taken = mixToMono({ channels, sampleRate: 8000 }, 1);
    expect(taken).toEqual(channels[1]);
    expect(taken).not.toBe(channels[1]);
    expect(() => mixToMono({ channels, sampleRate: 8000 }, 2)).toThrow(
      "expected channel 2, counted from 0, got a sound of 2; choose one up to 1 or 'mean'",
    );
    expect(() => mixToMono({ channels, sampleRate: 8000 }, -1)).toThrow('a whole number from 0, got -1');
    expect(() => mixToMono({ channels, sampleRate: 8000 }, 0.5)).toThrow('got 0.5');
  });

  it('refuses no channel and channels of different length', () => {
    expect(() => mixToMono({ channels: [], sampleRate: 8000 })).toThrow('at least one channel');
    const channels = [new Float32Array(2), new Float32Array(2), new Float32Array(3)];
    expect(() => mixToMono({ channels, sampleRate: 8000 })).toThrow('got 2 and 3 samples');
  });
});

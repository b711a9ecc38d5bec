/** Layouts of other models, or of ours cut up, by names that only they have. */
const layouts: readonly (readonly [pattern: RegExp, what: string])[] = [
  [
    /(^|\.)blocks\.\d+\.\d+\./,
    'its blocks are in chunks, as DINOv2 cuts them for FSDP; save it without (block_chunks=0)',
  ],
  [/(^|[._])flat_param/, "it is FSDP's flat form, of one process; save a full state dict"],
  [/\.attention\.attention\.query\./, 'it is a ViT or AST as transformers names it, which is not read'],
  [
    /encoder\.layers?\.\d+\.self_attn\.|encoder\.layers\.\d+\.attention\./,
    'it is a transformer as fairseq or transformers name it (wav2vec 2.0, HuBERT, BEATs), which is not read',
  ],
  [/(^|\.)layers\.\d+\.blocks\.\d+\./, 'it is a Swin transformer (HTS-AT), which is not read'],
  [/(^|\.)conv_block\d+\.|(^|\.)layer[1-4]\.\d+\.conv\d\./, 'it is a convolutional network, which is not read'],
  [
    /\.attn\.(q|k|v|q_proj|k_proj|v_proj|to_q|to_qkv)\.|\.attn\.in_proj_weight$/,
    'its attention has other parts than one qkv, which is not read',
  ],
  [/(^|\.)(exp_avg|exp_avg_sq|momentum_buffer)$/, 'it holds the state of an optimiser; give the file of the model'],
];

/** Says what a layout is that nothing here reads, and shows the names that tell. */
export function describeUnknown(names: readonly string[]): string {
  const known = layouts.flatMap(([pattern, what]) => {
    const shown = names.find((name) => pattern.test(name));
    return shown === undefined ? [] : [{ what, shown }];
  })[0];
  const telling = known
    ? [known.shown]
    : [...new Set([...names.filter((name) => name.includes('blocks.0.')), ...names])].slice(0, 3);
  const shown = telling.map((name) => name.slice(0, 100)).join(', ') || '(none)';
  return `got tensors such as ${shown}; ${known?.what ?? 'is it the right file?'}`;
}

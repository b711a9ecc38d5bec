"""The sizes of packages/matpac/src/sizes.ts."""

sizes = {
    "base": {
        "embedDim": 768, "depth": 12, "numHeads": 12, "predictorDim": 512, "predictorDepth": 8, "predictorHeads": 16,
        "headHidden": 2048, "bottleneck": 256, "pseudoClasses": 2048,
    },
    "tiny": {
        "embedDim": 192, "depth": 12, "numHeads": 3, "predictorDim": 128, "predictorDepth": 4, "predictorHeads": 4,
        "headHidden": 512, "bottleneck": 256, "pseudoClasses": 2048,
    },
}  # fmt: skip

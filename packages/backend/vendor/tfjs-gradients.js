// Gradients of the operations of TensorFlow.js 4.22.0, bundled by scripts/vendor-gradients.ts.
// Copyright Google LLC, licensed under the Apache License, Version 2.0: http://www.apache.org/licenses/LICENSE-2.0

// dist/kernel_names.js
import * as tf from "@tensorflow/tfjs-core";
var Abs2 = /* @__PURE__ */ (() => tf.Abs)();
var Acos2 = /* @__PURE__ */ (() => tf.Acos)();
var Acosh2 = /* @__PURE__ */ (() => tf.Acosh)();
var Add2 = /* @__PURE__ */ (() => tf.Add)();
var AddN2 = /* @__PURE__ */ (() => tf.AddN)();
var ArgMax2 = /* @__PURE__ */ (() => tf.ArgMax)();
var ArgMin2 = /* @__PURE__ */ (() => tf.ArgMin)();
var Asin2 = /* @__PURE__ */ (() => tf.Asin)();
var Asinh2 = /* @__PURE__ */ (() => tf.Asinh)();
var Atan3 = /* @__PURE__ */ (() => tf.Atan)();
var Atanh2 = /* @__PURE__ */ (() => tf.Atanh)();
var Atan22 = /* @__PURE__ */ (() => tf.Atan2)();
var AvgPool2 = /* @__PURE__ */ (() => tf.AvgPool)();
var AvgPoolGrad2 = /* @__PURE__ */ (() => tf.AvgPoolGrad)();
var AvgPool3D2 = /* @__PURE__ */ (() => tf.AvgPool3D)();
var AvgPool3DGrad2 = /* @__PURE__ */ (() => tf.AvgPool3DGrad)();
var BatchMatMul2 = /* @__PURE__ */ (() => tf.BatchMatMul)();
var BatchToSpaceND2 = /* @__PURE__ */ (() => tf.BatchToSpaceND)();
var BroadcastTo2 = /* @__PURE__ */ (() => tf.BroadcastTo)();
var Cast2 = /* @__PURE__ */ (() => tf.Cast)();
var Ceil2 = /* @__PURE__ */ (() => tf.Ceil)();
var ClipByValue2 = /* @__PURE__ */ (() => tf.ClipByValue)();
var ComplexAbs2 = /* @__PURE__ */ (() => tf.ComplexAbs)();
var Concat2 = /* @__PURE__ */ (() => tf.Concat)();
var Conv2D2 = /* @__PURE__ */ (() => tf.Conv2D)();
var Conv2DBackpropFilter2 = /* @__PURE__ */ (() => tf.Conv2DBackpropFilter)();
var Conv2DBackpropInput2 = /* @__PURE__ */ (() => tf.Conv2DBackpropInput)();
var Conv3D2 = /* @__PURE__ */ (() => tf.Conv3D)();
var Conv3DBackpropFilterV22 = /* @__PURE__ */ (() => tf.Conv3DBackpropFilterV2)();
var Conv3DBackpropInputV22 = /* @__PURE__ */ (() => tf.Conv3DBackpropInputV2)();
var Cos2 = /* @__PURE__ */ (() => tf.Cos)();
var Cosh2 = /* @__PURE__ */ (() => tf.Cosh)();
var Cumsum2 = /* @__PURE__ */ (() => tf.Cumsum)();
var DepthwiseConv2dNative2 = /* @__PURE__ */ (() => tf.DepthwiseConv2dNative)();
var DepthwiseConv2dNativeBackpropFilter2 = /* @__PURE__ */ (() => tf.DepthwiseConv2dNativeBackpropFilter)();
var DepthwiseConv2dNativeBackpropInput2 = /* @__PURE__ */ (() => tf.DepthwiseConv2dNativeBackpropInput)();
var Dilation2D2 = /* @__PURE__ */ (() => tf.Dilation2D)();
var Dilation2DBackpropInput2 = /* @__PURE__ */ (() => tf.Dilation2DBackpropInput)();
var Dilation2DBackpropFilter2 = /* @__PURE__ */ (() => tf.Dilation2DBackpropFilter)();
var RealDiv2 = /* @__PURE__ */ (() => tf.RealDiv)();
var Elu2 = /* @__PURE__ */ (() => tf.Elu)();
var EluGrad2 = /* @__PURE__ */ (() => tf.EluGrad)();
var Erf2 = /* @__PURE__ */ (() => tf.Erf)();
var Exp2 = /* @__PURE__ */ (() => tf.Exp)();
var ExpandDims2 = /* @__PURE__ */ (() => tf.ExpandDims)();
var Expm12 = /* @__PURE__ */ (() => tf.Expm1)();
var Floor2 = /* @__PURE__ */ (() => tf.Floor)();
var FloorDiv2 = /* @__PURE__ */ (() => tf.FloorDiv)();
var FusedBatchNorm2 = /* @__PURE__ */ (() => tf.FusedBatchNorm)();
var GatherV22 = /* @__PURE__ */ (() => tf.GatherV2)();
var GreaterEqual2 = /* @__PURE__ */ (() => tf.GreaterEqual)();
var Identity2 = /* @__PURE__ */ (() => tf.Identity)();
var IsFinite2 = /* @__PURE__ */ (() => tf.IsFinite)();
var IsInf2 = /* @__PURE__ */ (() => tf.IsInf)();
var IsNan2 = /* @__PURE__ */ (() => tf.IsNan)();
var LeakyRelu2 = /* @__PURE__ */ (() => tf.LeakyRelu)();
var Log2 = /* @__PURE__ */ (() => tf.Log)();
var Log1p2 = /* @__PURE__ */ (() => tf.Log1p)();
var LogSoftmax2 = /* @__PURE__ */ (() => tf.LogSoftmax)();
var LRN2 = /* @__PURE__ */ (() => tf.LRN)();
var LRNGrad2 = /* @__PURE__ */ (() => tf.LRNGrad)();
var Max2 = /* @__PURE__ */ (() => tf.Max)();
var Maximum2 = /* @__PURE__ */ (() => tf.Maximum)();
var MaxPool2 = /* @__PURE__ */ (() => tf.MaxPool)();
var MaxPoolGrad2 = /* @__PURE__ */ (() => tf.MaxPoolGrad)();
var MaxPool3D2 = /* @__PURE__ */ (() => tf.MaxPool3D)();
var MaxPool3DGrad2 = /* @__PURE__ */ (() => tf.MaxPool3DGrad)();
var Mean2 = /* @__PURE__ */ (() => tf.Mean)();
var Min2 = /* @__PURE__ */ (() => tf.Min)();
var Minimum2 = /* @__PURE__ */ (() => tf.Minimum)();
var MirrorPad2 = /* @__PURE__ */ (() => tf.MirrorPad)();
var Mod2 = /* @__PURE__ */ (() => tf.Mod)();
var Multiply2 = /* @__PURE__ */ (() => tf.Multiply)();
var Neg2 = /* @__PURE__ */ (() => tf.Neg)();
var OnesLike2 = /* @__PURE__ */ (() => tf.OnesLike)();
var OneHot2 = /* @__PURE__ */ (() => tf.OneHot)();
var Pack2 = /* @__PURE__ */ (() => tf.Pack)();
var PadV22 = /* @__PURE__ */ (() => tf.PadV2)();
var Pow2 = /* @__PURE__ */ (() => tf.Pow)();
var Prelu2 = /* @__PURE__ */ (() => tf.Prelu)();
var Prod2 = /* @__PURE__ */ (() => tf.Prod)();
var Reciprocal2 = /* @__PURE__ */ (() => tf.Reciprocal)();
var Relu2 = /* @__PURE__ */ (() => tf.Relu)();
var Reshape2 = /* @__PURE__ */ (() => tf.Reshape)();
var ResizeNearestNeighbor2 = /* @__PURE__ */ (() => tf.ResizeNearestNeighbor)();
var ResizeNearestNeighborGrad2 = /* @__PURE__ */ (() => tf.ResizeNearestNeighborGrad)();
var ResizeBilinear2 = /* @__PURE__ */ (() => tf.ResizeBilinear)();
var ResizeBilinearGrad2 = /* @__PURE__ */ (() => tf.ResizeBilinearGrad)();
var Relu62 = /* @__PURE__ */ (() => tf.Relu6)();
var Reverse2 = /* @__PURE__ */ (() => tf.Reverse)();
var Round2 = /* @__PURE__ */ (() => tf.Round)();
var Rsqrt2 = /* @__PURE__ */ (() => tf.Rsqrt)();
var Select2 = /* @__PURE__ */ (() => tf.Select)();
var Selu2 = /* @__PURE__ */ (() => tf.Selu)();
var Slice2 = /* @__PURE__ */ (() => tf.Slice)();
var Sin2 = /* @__PURE__ */ (() => tf.Sin)();
var Sinh2 = /* @__PURE__ */ (() => tf.Sinh)();
var Sign2 = /* @__PURE__ */ (() => tf.Sign)();
var Sigmoid2 = /* @__PURE__ */ (() => tf.Sigmoid)();
var Softplus2 = /* @__PURE__ */ (() => tf.Softplus)();
var Sqrt2 = /* @__PURE__ */ (() => tf.Sqrt)();
var Sum2 = /* @__PURE__ */ (() => tf.Sum)();
var SpaceToBatchND2 = /* @__PURE__ */ (() => tf.SpaceToBatchND)();
var SplitV2 = /* @__PURE__ */ (() => tf.SplitV)();
var Softmax2 = /* @__PURE__ */ (() => tf.Softmax)();
var SquaredDifference2 = /* @__PURE__ */ (() => tf.SquaredDifference)();
var Square2 = /* @__PURE__ */ (() => tf.Square)();
var Sub2 = /* @__PURE__ */ (() => tf.Sub)();
var Tan2 = /* @__PURE__ */ (() => tf.Tan)();
var Tanh2 = /* @__PURE__ */ (() => tf.Tanh)();
var Tile2 = /* @__PURE__ */ (() => tf.Tile)();
var Transpose2 = /* @__PURE__ */ (() => tf.Transpose)();
var Unpack2 = /* @__PURE__ */ (() => tf.Unpack)();
var UnsortedSegmentSum2 = /* @__PURE__ */ (() => tf.UnsortedSegmentSum)();
var ZerosLike2 = /* @__PURE__ */ (() => tf.ZerosLike)();
var Step2 = /* @__PURE__ */ (() => tf.Step)();

// dist/ops/cast.js
import * as tf2 from "@tensorflow/tfjs-core";
var cast2 = /* @__PURE__ */ (() => tf2.cast)();

// dist/ops/mul.js
import * as tf3 from "@tensorflow/tfjs-core";
var mul2 = /* @__PURE__ */ (() => tf3.mul)();

// dist/ops/step.js
import * as tf4 from "@tensorflow/tfjs-core";
var step2 = /* @__PURE__ */ (() => tf4.step)();

// dist/gradients/Abs_grad.js
var absGradConfig = {
  kernelName: Abs2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, step2(cast2(x, "float32"), -1)) };
  }
};

// dist/ops/div.js
import * as tf5 from "@tensorflow/tfjs-core";
var div2 = /* @__PURE__ */ (() => tf5.div)();

// dist/ops/neg.js
import * as tf6 from "@tensorflow/tfjs-core";
var neg2 = /* @__PURE__ */ (() => tf6.neg)();

// dist/ops/scalar.js
import * as tf7 from "@tensorflow/tfjs-core";
var scalar2 = /* @__PURE__ */ (() => tf7.scalar)();

// dist/ops/sqrt.js
import * as tf8 from "@tensorflow/tfjs-core";
var sqrt2 = /* @__PURE__ */ (() => tf8.sqrt)();

// dist/ops/square.js
import * as tf9 from "@tensorflow/tfjs-core";
var square2 = /* @__PURE__ */ (() => tf9.square)();

// dist/ops/sub.js
import * as tf10 from "@tensorflow/tfjs-core";
var sub2 = /* @__PURE__ */ (() => tf10.sub)();

// dist/gradients/Acos_grad.js
var acosGradConfig = {
  kernelName: Acos2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const a = square2(cast2(x, "float32"));
        const b = sqrt2(sub2(scalar2(1), a));
        return neg2(div2(dy, b));
      }
    };
  }
};

// dist/gradients/Acosh_grad.js
var acoshGradConfig = {
  kernelName: Acosh2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const a = sqrt2(sub2(square2(cast2(x, "float32")), 1));
        return div2(dy, a);
      }
    };
  }
};

// dist/ops/broadcast_util.js
import * as tf11 from "@tensorflow/tfjs-core";
var getReductionAxes = /* @__PURE__ */ (() => tf11.backend_util.getReductionAxes)();
var assertAndGetBroadcastShape = /* @__PURE__ */ (() => tf11.backend_util.assertAndGetBroadcastShape)();

// dist/ops/reshape.js
import * as tf12 from "@tensorflow/tfjs-core";
var reshape2 = /* @__PURE__ */ (() => tf12.reshape)();

// dist/ops/sum.js
import * as tf13 from "@tensorflow/tfjs-core";
var sum2 = /* @__PURE__ */ (() => tf13.sum)();

// dist/gradients/Add_grad.js
var addGradConfig = {
  kernelName: Add2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      let res = dy;
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, a.shape);
    };
    const derB = () => {
      let res = dy;
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, b.shape);
    };
    return { a: derA, b: derB };
  }
};

// dist/gradients/AddN_grad.js
var addNGradConfig = {
  kernelName: AddN2,
  saveAllInputs: true,
  gradFunc: (dy, saved) => {
    const ders = {};
    saved.forEach((_, i) => {
      ders[i] = () => dy.clone();
    });
    return ders;
  }
};

// dist/ops/zeros_like.js
import * as tf14 from "@tensorflow/tfjs-core";
var zerosLike2 = /* @__PURE__ */ (() => tf14.zerosLike)();

// dist/gradients/ArgMax_grad.js
var argMaxGradConfig = {
  kernelName: ArgMax2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => zerosLike2(x) };
  }
};

// dist/gradients/ArgMin_grad.js
var argMinGradConfig = {
  kernelName: ArgMin2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => zerosLike2(x) };
  }
};

// dist/gradients/Asin_grad.js
var asinGradConfig = {
  kernelName: Asin2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, sqrt2(sub2(scalar2(1), square2(cast2(x, "float32"))))) };
  }
};

// dist/ops/add.js
import * as tf15 from "@tensorflow/tfjs-core";
var add2 = /* @__PURE__ */ (() => tf15.add)();

// dist/gradients/Asinh_grad.js
var asinhGradConfig = {
  kernelName: Asinh2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const a = sqrt2(add2(scalar2(1), square2(cast2(x, "float32"))));
        return div2(dy, a);
      }
    };
  }
};

// dist/gradients/Atan2_grad.js
var atan2GradConfig = {
  kernelName: Atan22,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const d = add2(square2(a), square2(b));
      let res = mul2(dy, div2(b, d));
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, a.shape);
    };
    const derB = () => {
      const d = add2(square2(a), square2(b));
      let res = neg2(mul2(dy, div2(a, d)));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, b.shape);
    };
    return { a: derA, b: derB };
  }
};

// dist/gradients/Atan_grad.js
var atanGradConfig = {
  kernelName: Atan3,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, add2(square2(cast2(x, "float32")), 1)) };
  }
};

// dist/gradients/Atanh_grad.js
var atanhGradConfig = {
  kernelName: Atanh2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, sub2(scalar2(1), square2(cast2(x, "float32")))) };
  }
};

// dist/engine.js
import * as tf16 from "@tensorflow/tfjs-core";
var ENGINE = /* @__PURE__ */ (() => tf16.engine())();

// dist/environment.js
import * as tf17 from "@tensorflow/tfjs-core";
var env2 = /* @__PURE__ */ (() => tf17.env)();

// dist/tensor.js
import * as tf18 from "@tensorflow/tfjs-core";
var getGlobalTensorClass = /* @__PURE__ */ (() => () => tf18.Tensor)();

// dist/types.js
var Rank;
(function(Rank3) {
  Rank3["R0"] = "R0";
  Rank3["R1"] = "R1";
  Rank3["R2"] = "R2";
  Rank3["R3"] = "R3";
  Rank3["R4"] = "R4";
  Rank3["R5"] = "R5";
  Rank3["R6"] = "R6";
})(Rank || (Rank = {}));
var UpcastInt32AndMap;
(function(UpcastInt32AndMap2) {
  UpcastInt32AndMap2["float32"] = "float32";
  UpcastInt32AndMap2["int32"] = "int32";
  UpcastInt32AndMap2["bool"] = "int32";
  UpcastInt32AndMap2["complex64"] = "complex64";
})(UpcastInt32AndMap || (UpcastInt32AndMap = {}));
var UpcastBoolAndMap;
(function(UpcastBoolAndMap2) {
  UpcastBoolAndMap2["float32"] = "float32";
  UpcastBoolAndMap2["int32"] = "int32";
  UpcastBoolAndMap2["bool"] = "bool";
  UpcastBoolAndMap2["complex64"] = "complex64";
})(UpcastBoolAndMap || (UpcastBoolAndMap = {}));
var UpcastFloat32AndMap;
(function(UpcastFloat32AndMap2) {
  UpcastFloat32AndMap2["float32"] = "float32";
  UpcastFloat32AndMap2["int32"] = "float32";
  UpcastFloat32AndMap2["bool"] = "float32";
  UpcastFloat32AndMap2["complex64"] = "complex64";
})(UpcastFloat32AndMap || (UpcastFloat32AndMap = {}));
var UpcastComplex64AndMap;
(function(UpcastComplex64AndMap2) {
  UpcastComplex64AndMap2["float32"] = "complex64";
  UpcastComplex64AndMap2["int32"] = "complex64";
  UpcastComplex64AndMap2["bool"] = "complex64";
  UpcastComplex64AndMap2["complex64"] = "complex64";
})(UpcastComplex64AndMap || (UpcastComplex64AndMap = {}));
function isWebGLData(values) {
  return values != null && typeof values === "object" && "texture" in values && values.texture instanceof WebGLTexture;
}
function isWebGPUData(values) {
  return typeof GPUBuffer !== "undefined" && values != null && typeof values === "object" && "buffer" in values && values.buffer instanceof GPUBuffer;
}

// dist/util.js
import * as tf19 from "@tensorflow/tfjs-core";
var toTypedArray = /* @__PURE__ */ (() => tf19.util.toTypedArray)();
var isTypedArray = /* @__PURE__ */ (() => tf19.util.isTypedArray)();
var flatten = /* @__PURE__ */ (() => tf19.util.flatten)();
var assert = /* @__PURE__ */ (() => tf19.util.assert)();
var sizeFromShape = /* @__PURE__ */ (() => tf19.util.sizeFromShape)();
var parseAxisParam = /* @__PURE__ */ (() => tf19.util.parseAxisParam)();
var inferDtype = /* @__PURE__ */ (() => tf19.util.inferDtype)();

// dist/util_base.js
import * as tf20 from "@tensorflow/tfjs-core";
var bytesPerElement = /* @__PURE__ */ (() => tf20.util.bytesPerElement)();

// dist/tensor_util_env.js
function inferShape(val, dtype) {
  let firstElem = val;
  if (isTypedArray(val)) {
    return dtype === "string" ? [] : [val.length];
  }
  if (isWebGLData(val)) {
    const usedChannels = val.channels || "RGBA";
    return [val.height, val.width * usedChannels.length];
  } else if (isWebGPUData(val)) {
    return [val.buffer.size / (dtype == null ? 4 : bytesPerElement(dtype))];
  }
  if (!Array.isArray(val)) {
    return [];
  }
  const shape = [];
  while (Array.isArray(firstElem) || isTypedArray(firstElem) && dtype !== "string") {
    shape.push(firstElem.length);
    firstElem = firstElem[0];
  }
  if (Array.isArray(val) && env2().getBool("TENSORLIKE_CHECK_SHAPE_CONSISTENCY")) {
    deepAssertShapeConsistency(val, shape, []);
  }
  return shape;
}
function deepAssertShapeConsistency(val, shape, indices) {
  indices = indices || [];
  if (!Array.isArray(val) && !isTypedArray(val)) {
    assert(shape.length === 0, () => `Element arr[${indices.join("][")}] is a primitive, but should be an array/TypedArray of ${shape[0]} elements`);
    return;
  }
  assert(shape.length > 0, () => `Element arr[${indices.join("][")}] should be a primitive, but is an array of ${val.length} elements`);
  assert(val.length === shape[0], () => `Element arr[${indices.join("][")}] should have ${shape[0]} elements, but has ${val.length} elements`);
  const subShape = shape.slice(1);
  for (let i = 0; i < val.length; ++i) {
    deepAssertShapeConsistency(val[i], subShape, indices.concat(i));
  }
}
function assertDtype(expectedDtype, actualDType, argName, functionName) {
  if (expectedDtype === "string_or_numeric") {
    return;
  }
  if (expectedDtype == null) {
    throw new Error(`Expected dtype cannot be null.`);
  }
  if (expectedDtype !== "numeric" && expectedDtype !== actualDType || expectedDtype === "numeric" && actualDType === "string") {
    throw new Error(`Argument '${argName}' passed to '${functionName}' must be ${expectedDtype} tensor, but got ${actualDType} tensor`);
  }
}
function convertToTensor(x, argName, functionName, parseAsDtype = "numeric") {
  if (x instanceof getGlobalTensorClass()) {
    assertDtype(parseAsDtype, x.dtype, argName, functionName);
    return x;
  }
  let inferredDtype = inferDtype(x);
  if (inferredDtype !== "string" && ["bool", "int32", "float32"].indexOf(parseAsDtype) >= 0) {
    inferredDtype = parseAsDtype;
  }
  assertDtype(parseAsDtype, inferredDtype, argName, functionName);
  if (x == null || !isTypedArray(x) && !Array.isArray(x) && typeof x !== "number" && typeof x !== "boolean" && typeof x !== "string") {
    const type = x == null ? "null" : x.constructor.name;
    throw new Error(`Argument '${argName}' passed to '${functionName}' must be a Tensor or TensorLike, but got '${type}'`);
  }
  const inferredShape = inferShape(x, inferredDtype);
  if (!isTypedArray(x) && !Array.isArray(x)) {
    x = [x];
  }
  const skipTypedArray = true;
  const values = inferredDtype !== "string" ? toTypedArray(x, inferredDtype) : flatten(x, [], skipTypedArray);
  return ENGINE.makeTensor(values, inferredShape, inferredDtype);
}

// dist/ops/conv_util.js
import * as tf21 from "@tensorflow/tfjs-core";
var tupleValuesAreOne = /* @__PURE__ */ (() => tf21.backend_util.tupleValuesAreOne)();
var eitherStridesOrDilationsAreOne = /* @__PURE__ */ (() => tf21.backend_util.eitherStridesOrDilationsAreOne)();
var checkPadOnDimRoundingMode = /* @__PURE__ */ (() => tf21.backend_util.checkPadOnDimRoundingMode)();

// dist/ops/operation.js
import * as tf22 from "@tensorflow/tfjs-core";
var op2 = /* @__PURE__ */ (() => tf22.op)();

// dist/ops/avg_pool_3d_grad.js
function avgPool3dGrad_(dy, input, filterSize, strides, pad4, dimRoundingMode) {
  const $dy = convertToTensor(dy, "dy", "avgPool3dGrad");
  const $input = convertToTensor(input, "input", "avgPool3dGrad");
  let dy5D = $dy;
  let input5D = $input;
  let reshapedTo5D = false;
  if ($input.rank === 4) {
    reshapedTo5D = true;
    dy5D = reshape2($dy, [1, $dy.shape[0], $dy.shape[1], $dy.shape[2], $dy.shape[3]]);
    input5D = reshape2($input, [
      1,
      $input.shape[0],
      $input.shape[1],
      $input.shape[2],
      $input.shape[3]
    ]);
  }
  assert(dy5D.rank === 5, () => `Error in avgPool3dGrad: dy must be rank 5 but got rank ${dy5D.rank}.`);
  assert(input5D.rank === 5, () => `Error in avgPool3dGrad: input must be rank 5 but got rank ${input5D.rank}.`);
  checkPadOnDimRoundingMode("avgPool3dGrad", pad4, dimRoundingMode);
  const inputs = { dy: dy5D, input: input5D };
  const attrs = { filterSize, strides, pad: pad4, dimRoundingMode };
  const res = ENGINE.runKernel(AvgPool3DGrad2, inputs, attrs);
  if (reshapedTo5D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3], res.shape[4]]);
  }
  return res;
}
var avgPool3dGrad = /* @__PURE__ */ op2({ avgPool3dGrad_ });

// dist/gradients/AvgPool3D_grad.js
var avgPool3DGradConfig = {
  kernelName: AvgPool3D2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { filterSize, strides, pad: pad4, dimRoundingMode } = attrs;
    return {
      x: () => avgPool3dGrad(dy, x, filterSize, strides, pad4, dimRoundingMode)
    };
  }
};

// dist/ops/avg_pool_grad.js
function avgPoolGrad_(dy, input, filterSize, strides, pad4) {
  const $dy = convertToTensor(dy, "dy", "avgPoolGrad");
  const $input = convertToTensor(input, "input", "avgPoolGrad");
  assert($input.rank === $dy.rank, () => `Rank of input (${$input.rank}) does not match rank of dy (${$dy.rank})`);
  let input4D = $input;
  let dy4D = $dy;
  let reshapedTo4D = false;
  if ($input.rank === 3) {
    reshapedTo4D = true;
    input4D = reshape2($input, [1, $input.shape[0], $input.shape[1], $input.shape[2]]);
    dy4D = reshape2($dy, [1, $dy.shape[0], $dy.shape[1], $dy.shape[2]]);
  }
  assert(dy4D.rank === 4, () => `Error in avgPoolGrad: dy must be rank 4 but got rank ${dy4D.rank}.`);
  assert(input4D.rank === 4, () => `Error in avgPoolGrad: input must be rank 4 but got rank ${input4D.rank}.`);
  const inputs = { dy: dy4D, input: input4D };
  const attrs = { filterSize, strides, pad: pad4 };
  const res = ENGINE.runKernel(AvgPoolGrad2, inputs, attrs);
  if (reshapedTo4D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3]]);
  }
  return res;
}
var avgPoolGrad = /* @__PURE__ */ op2({ avgPoolGrad_ });

// dist/gradients/AvgPool_grad.js
var avgPoolGradConfig = {
  kernelName: AvgPool2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { filterSize, strides, pad: pad4 } = attrs;
    return { x: () => avgPoolGrad(dy, x, filterSize, strides, pad4) };
  }
};

// dist/ops/mat_mul.js
import * as tf23 from "@tensorflow/tfjs-core";
var matMul2 = /* @__PURE__ */ (() => tf23.matMul)();

// dist/gradients/BatchMatMul_grad.js
var batchMatMulGradConfig = {
  kernelName: BatchMatMul2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved, attrs) => {
    const [a, b] = saved;
    const { transposeA, transposeB } = attrs;
    if (!transposeA && !transposeB) {
      return {
        a: () => matMul2(dy, b, false, true),
        b: () => matMul2(a, dy, true, false)
      };
    } else if (!transposeA && transposeB) {
      return {
        a: () => matMul2(dy, b, false, false),
        b: () => matMul2(dy, a, true, false)
      };
    } else if (transposeA && !transposeB) {
      return {
        a: () => matMul2(b, dy, false, true),
        b: () => matMul2(a, dy, false, false)
      };
    } else {
      return {
        a: () => matMul2(b, dy, true, true),
        b: () => matMul2(dy, a, true, true)
      };
    }
  }
};

// dist/ops/space_to_batch_nd.js
import * as tf24 from "@tensorflow/tfjs-core";
var spaceToBatchND2 = /* @__PURE__ */ (() => tf24.spaceToBatchND)();

// dist/gradients/BatchToSpaceND_grad.js
var batchToSpaceNDGradConfig = {
  kernelName: BatchToSpaceND2,
  gradFunc: (dy, saved, attrs) => {
    const { blockShape, crops } = attrs;
    return { x: () => spaceToBatchND2(dy, blockShape, crops) };
  }
};

// dist/gradients/BroadcastTo_grad.js
var broadcastToGradConfig = {
  kernelName: BroadcastTo2,
  gradFunc: (dy, saved, attrs) => {
    const broadCastToAttrs = attrs;
    const inputShape = broadCastToAttrs.inputShape;
    const outputShape = broadCastToAttrs.shape;
    const reps = Array.from(outputShape);
    for (let i = inputShape.length - 1; i >= 0; i--) {
      if (inputShape[i] === outputShape[i]) {
        reps[i] = 1;
      } else if (inputShape[i] !== 1) {
        throw new Error(`broadcastTo(): [${inputShape}] cannot be broadcast to [${outputShape}].`);
      }
    }
    const axes = [];
    for (let i = 0; i < reps.length; i++) {
      if (reps[i] > 1) {
        axes.push(i);
      }
    }
    return { x: () => sum2(
      dy,
      axes,
      true
      /* keepDims */
    ) };
  }
};

// dist/gradients/Cast_grad.js
var castGradConfig = {
  kernelName: Cast2,
  gradFunc: (dy) => {
    return { x: () => dy.clone() };
  }
};

// dist/gradients/Ceil_grad.js
var ceilGradConfig = {
  kernelName: Ceil2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/ops/greater_equal.js
import * as tf25 from "@tensorflow/tfjs-core";
var greaterEqual2 = /* @__PURE__ */ (() => tf25.greaterEqual)();

// dist/ops/less_equal.js
import * as tf26 from "@tensorflow/tfjs-core";
var lessEqual2 = /* @__PURE__ */ (() => tf26.lessEqual)();

// dist/ops/logical_and.js
import * as tf27 from "@tensorflow/tfjs-core";
var logicalAnd2 = /* @__PURE__ */ (() => tf27.logicalAnd)();

// dist/ops/where.js
import * as tf28 from "@tensorflow/tfjs-core";
var where2 = /* @__PURE__ */ (() => tf28.where)();

// dist/gradients/ClipByValue_grad.js
var clipByValueGradConfig = {
  kernelName: ClipByValue2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { clipValueMin, clipValueMax } = attrs;
    return {
      x: () => where2(logicalAnd2(greaterEqual2(x, clipValueMin), lessEqual2(x, clipValueMax)), dy, zerosLike2(dy))
    };
  }
};

// dist/gradients/ComplexAbs_grad.js
var complexAbsGradConfig = {
  kernelName: ComplexAbs2,
  inputsToSave: ["x"],
  gradFunc: absGradConfig.gradFunc
};

// dist/ops/split.js
import * as tf29 from "@tensorflow/tfjs-core";
var split2 = /* @__PURE__ */ (() => tf29.split)();

// dist/gradients/Concat_grad.js
var concatGradConfig = {
  kernelName: Concat2,
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    const shapes = saved.map((t) => t.shape);
    const { axis } = attrs;
    const $axis = parseAxisParam(axis, saved[0].shape)[0];
    const sizeSplits = shapes.map((s) => s[$axis]);
    const derTensors = split2(dy, sizeSplits, $axis);
    return derTensors.map((t) => () => t);
  }
};

// dist/ops/conv2d_backprop_filter.js
function conv2DBackpropFilter_(x, dy, filterShape, strides, pad4, dataFormat = "NHWC", dimRoundingMode) {
  let x4D = x;
  if (x.rank === 3) {
    x4D = reshape2(x, [1, x.shape[0], x.shape[1], x.shape[2]]);
  }
  let dy4D = dy;
  if (dy4D.rank === 3) {
    dy4D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2]]);
  }
  assert(x4D.rank === 4, () => `Error in conv2dDerFilter: input must be rank 4, but got shape ${x4D.shape}.`);
  assert(dy4D.rank === 4, () => `Error in conv2dDerFilter: dy must be rank 4, but got shape ${dy4D.shape}.`);
  assert(filterShape.length === 4, () => `Error in conv2dDerFilter: filterShape must be length 4, but got ${filterShape}.`);
  const inDepth = dataFormat === "NHWC" ? x4D.shape[3] : x4D.shape[1];
  const outDepth = dataFormat === "NHWC" ? dy4D.shape[3] : dy4D.shape[1];
  assert(inDepth === filterShape[2], () => `Error in conv2dDerFilter: depth of input ${inDepth}) must match input depth in filter (${filterShape[2]}.`);
  assert(outDepth === filterShape[3], () => `Error in conv2dDerFilter: depth of dy (${outDepth}) must match output depth for filter (${filterShape[3]}).`);
  checkPadOnDimRoundingMode("conv2dDerFilter", pad4, dimRoundingMode);
  const inputs = { x: x4D, dy: dy4D };
  const attrs = { strides, pad: pad4, dataFormat, dimRoundingMode, filterShape };
  return ENGINE.runKernel(Conv2DBackpropFilter2, inputs, attrs);
}
var conv2DBackpropFilter = /* @__PURE__ */ op2({ conv2DBackpropFilter_ });

// dist/ops/conv2d_backprop_input.js
function conv2DBackpropInput_(xShape, dy, filter, strides, pad4, dataFormat = "NHWC", dimRoundingMode) {
  assert(xShape.length === dy.rank, () => `Length of inShape (${xShape.length}) and rank of dy (${dy.rank}) must match`);
  let xShape4D = xShape;
  let dy4D = dy;
  let reshapedTo4D = false;
  if (dy.rank === 3) {
    reshapedTo4D = true;
    dy4D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2]]);
    xShape4D = [1, xShape[0], xShape[1], xShape[2]];
  }
  assert(xShape4D.length === 4, () => `Error in conv2dDerInput: inShape must be length 4, but got length ${xShape4D.length}.`);
  assert(dy4D.rank === 4, () => `Error in conv2dDerInput: dy must be rank 4, but got rank ${dy4D.rank}`);
  assert(filter.rank === 4, () => `Error in conv2dDerInput: filter must be rank 4, but got rank ${filter.rank}`);
  const inDepth = dataFormat === "NHWC" ? xShape4D[3] : xShape4D[1];
  const outDepth = dataFormat === "NHWC" ? dy4D.shape[3] : dy4D.shape[1];
  assert(inDepth === filter.shape[2], () => `Error in conv2dDerInput: depth of input (${inDepth}) must match input depth for filter ${filter.shape[2]}.`);
  assert(outDepth === filter.shape[3], () => `Error in conv2dDerInput: depth of output (${outDepth}) must match output depth for filter ${filter.shape[3]}.`);
  checkPadOnDimRoundingMode("conv2dDerInput", pad4, dimRoundingMode);
  const inputs = { dy: dy4D, filter };
  const attrs = { strides, pad: pad4, dataFormat, dimRoundingMode, inputShape: xShape4D };
  const res = ENGINE.runKernel(Conv2DBackpropInput2, inputs, attrs);
  if (reshapedTo4D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3]]);
  }
  return res;
}
var conv2DBackpropInput = /* @__PURE__ */ op2({ conv2DBackpropInput_ });

// dist/gradients/Conv2D_grad.js
var conv2DGradConfig = {
  kernelName: Conv2D2,
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const [x4D, $filter] = saved;
    const { dilations, strides, pad: pad4, dataFormat } = attrs;
    assert(tupleValuesAreOne(dilations), () => `Error in gradient of conv2D: dilation rates greater than 1 are not yet supported in gradients. Got dilations '${dilations}'`);
    return {
      x: () => conv2DBackpropInput(x4D.shape, dy, $filter, strides, pad4, dataFormat),
      filter: () => conv2DBackpropFilter(x4D, dy, $filter.shape, strides, pad4, dataFormat)
    };
  }
};

// dist/ops/conv2d.js
import * as tf30 from "@tensorflow/tfjs-core";
var conv2d2 = /* @__PURE__ */ (() => tf30.conv2d)();

// dist/gradients/Conv2DBackpropInput_grad.js
var conv2DBackpropInputGradConfig = {
  kernelName: Conv2DBackpropInput2,
  inputsToSave: ["dy", "filter"],
  gradFunc: (ddx, saved, attrs) => {
    const [dy, filter] = saved;
    const { strides, pad: pad4, dataFormat, dimRoundingMode } = attrs;
    return {
      dy: () => conv2d2(ddx, filter, strides, pad4, dataFormat, 1, dimRoundingMode),
      filter: () => conv2DBackpropFilter(ddx, dy, filter.shape, strides, pad4, dataFormat, dimRoundingMode)
    };
  }
};

// dist/ops/conv3d_backprop_filter.js
function conv3DBackpropFilter_(x, dy, filterShape, strides, pad4) {
  let x5D = x;
  if (x.rank === 4) {
    x5D = reshape2(x, [1, x.shape[0], x.shape[1], x.shape[2], x.shape[3]]);
  }
  let dy5D = dy;
  if (dy5D.rank === 4) {
    dy5D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2], dy.shape[3]]);
  }
  assert(x5D.rank === 5, () => `Error in conv3dDerFilter: input must be rank 5, but got shape ${x5D.shape}.`);
  assert(dy5D.rank === 5, () => `Error in conv3dDerFilter: dy must be rank 5, but got shape ${dy5D.shape}.`);
  assert(filterShape.length === 5, () => `Error in conv3dDerFilter: filterShape must be length 5, but got ${filterShape}.`);
  assert(x5D.shape[4] === filterShape[3], () => `Error in conv3dDerFilter: depth of input ${x5D.shape[4]}) must match input depth in filter (${filterShape[3]}.`);
  assert(dy5D.shape[4] === filterShape[4], () => `Error in conv3dDerFilter: depth of dy (${dy5D.shape[4]}) must match output depth for filter (${filterShape[4]}).`);
  const inputs = { x: x5D, dy: dy5D };
  const attrs = { strides, pad: pad4, filterShape };
  return ENGINE.runKernel(Conv3DBackpropFilterV22, inputs, attrs);
}
var conv3DBackpropFilter = /* @__PURE__ */ op2({ conv3DBackpropFilter_ });

// dist/ops/conv3d_backprop_input.js
function conv3DBackpropInput_(xShape, dy, filter, strides, pad4) {
  assert(xShape.length === dy.rank, () => `Length of inShape (${xShape.length}) and rank of dy (${dy.rank}) must match`);
  let xShape5D = xShape;
  let dy5D = dy;
  let reshapedTo5D = false;
  if (dy.rank === 4) {
    reshapedTo5D = true;
    dy5D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2], dy.shape[3]]);
    xShape5D = [1, xShape[0], xShape[1], xShape[2], xShape[3]];
  }
  const inDepth = xShape5D[4];
  const outDepth = dy5D.shape[4];
  assert(xShape5D.length === 5, () => `Error in conv3dDerInput: inShape must be length 5, but got length ${xShape5D.length}.`);
  assert(dy5D.rank === 5, () => `Error in conv3dDerInput: dy must be rank 5, but got rank ${dy5D.rank}`);
  assert(filter.rank === 5, () => `Error in conv3dDerInput: filter must be rank 5, but got rank ${filter.rank}`);
  assert(inDepth === filter.shape[3], () => `Error in conv3dDerInput: depth of input (${inDepth}) must match input depth for filter ${filter.shape[3]}.`);
  assert(outDepth === filter.shape[4], () => `Error in conv3dDerInput: depth of output (${outDepth}) must match output depth for filter ${filter.shape[4]}.`);
  const inputs = { dy: dy5D, filter };
  const attrs = { pad: pad4, strides, inputShape: xShape5D };
  const res = ENGINE.runKernel(Conv3DBackpropInputV22, inputs, attrs);
  if (reshapedTo5D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3], res.shape[4]]);
  }
  return res;
}
var conv3DBackpropInput = /* @__PURE__ */ op2({ conv3DBackpropInput_ });

// dist/gradients/Conv3D_grad.js
var conv3DGradConfig = {
  kernelName: Conv3D2,
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const { dilations, strides, pad: pad4 } = attrs;
    assert(tupleValuesAreOne(dilations), () => `Error in gradient of conv3D: dilation rates greater than 1 are not yet supported in gradients. Got dilations '${dilations}'`);
    const [x5D, $filter] = saved;
    return {
      x: () => conv3DBackpropInput(x5D.shape, dy, $filter, strides, pad4),
      filter: () => conv3DBackpropFilter(x5D, dy, $filter.shape, strides, pad4)
    };
  }
};

// dist/ops/sin.js
import * as tf31 from "@tensorflow/tfjs-core";
var sin2 = /* @__PURE__ */ (() => tf31.sin)();

// dist/gradients/Cos_grad.js
var cosGradConfig = {
  kernelName: Cos2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(neg2(sin2(cast2(x, "float32"))), dy) };
  }
};

// dist/ops/sinh.js
import * as tf32 from "@tensorflow/tfjs-core";
var sinh2 = /* @__PURE__ */ (() => tf32.sinh)();

// dist/gradients/Cosh_grad.js
var coshGradConfig = {
  kernelName: Cosh2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(sinh2(cast2(x, "float32")), dy) };
  }
};

// dist/ops/axis_util.js
import * as tf33 from "@tensorflow/tfjs-core";
var computeOutAndReduceShapes = /* @__PURE__ */ (() => tf33.backend_util.computeOutAndReduceShapes)();
var expandShapeToKeepDim = /* @__PURE__ */ (() => tf33.backend_util.expandShapeToKeepDim)();
var getAxesPermutation = /* @__PURE__ */ (() => tf33.backend_util.getAxesPermutation)();
var getUndoAxesPermutation = /* @__PURE__ */ (() => tf33.backend_util.getUndoAxesPermutation)();

// dist/ops/cumsum.js
import * as tf34 from "@tensorflow/tfjs-core";
var cumsum2 = /* @__PURE__ */ (() => tf34.cumsum)();

// dist/ops/transpose.js
import * as tf35 from "@tensorflow/tfjs-core";
var transpose2 = /* @__PURE__ */ (() => tf35.transpose)();

// dist/gradients/Cumsum_grad.js
var cumsumGradConfig = {
  kernelName: Cumsum2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { axis, exclusive, reverse: reverse4 } = attrs;
    return {
      x: () => {
        const permutation = getAxesPermutation([axis], x.rank);
        let out = cumsum2(dy, axis, exclusive, !reverse4);
        if (permutation != null) {
          out = transpose2(out, permutation);
        }
        return out;
      }
    };
  }
};

// dist/ops/depthwise_conv2d_native_backprop_filter.js
function depthwiseConv2dNativeBackpropFilter_(x, dy, filterShape, strides, pad4, dilations = [1, 1], dimRoundingMode) {
  let x4D = x;
  if (x.rank === 3) {
    x4D = reshape2(x, [1, x.shape[0], x.shape[1], x.shape[2]]);
  }
  let dy4D = dy;
  if (dy4D.rank === 3) {
    dy4D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2]]);
  }
  const inputs = { x: x4D, dy: dy4D };
  const attrs = { strides, pad: pad4, dimRoundingMode, dilations, filterShape };
  return ENGINE.runKernel(DepthwiseConv2dNativeBackpropFilter2, inputs, attrs);
}
var depthwiseConv2dNativeBackpropFilter = op2({ depthwiseConv2dNativeBackpropFilter_ });

// dist/ops/depthwise_conv2d_native_backprop_input.js
function depthwiseConv2dNativeBackpropInput_(xShape, dy, filter, strides, pad4, dilations = [1, 1], dimRoundingMode) {
  let dy4D = dy;
  let reshapedTo4D = false;
  if (dy.rank === 3) {
    reshapedTo4D = true;
    dy4D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2]]);
  }
  const inputs = { dy: dy4D, filter };
  const attrs = { strides, pad: pad4, dimRoundingMode, dilations, inputShape: xShape };
  const res = (
    // tslint:disable-next-line: no-unnecessary-type-assertion
    ENGINE.runKernel(DepthwiseConv2dNativeBackpropInput2, inputs, attrs)
  );
  if (reshapedTo4D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3]]);
  }
  return res;
}
var depthwiseConv2dNativeBackpropInput = op2({ depthwiseConv2dNativeBackpropInput_ });

// dist/gradients/DepthwiseConv2dNative_grad.js
var depthwiseConv2dNativeGradConfig = {
  kernelName: DepthwiseConv2dNative2,
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const { dilations, strides, pad: pad4, dimRoundingMode } = attrs;
    const $dilations = dilations == null ? [1, 1] : dilations;
    assert(tupleValuesAreOne($dilations), () => `Error in gradient of depthwiseConv2dNative: dilation rates greater than 1 are not yet supported. Got dilations '${$dilations}'`);
    const [x, filter] = saved;
    assert(x.rank === 4, () => `Error in gradient of depthwiseConv2dNative: input must be rank 4, but got rank ${x.rank}.`);
    assert(filter.rank === 4, () => `Error in gradient of depthwiseConv2dNative: filter must be rank 4, but got rank ${filter.rank}.`);
    assert(x.shape[3] === filter.shape[2], () => `Error in gradient of depthwiseConv2d: number of input channels (${x.shape[3]}) must match the inChannels dimension in filter ${filter.shape[2]}.`);
    assert(eitherStridesOrDilationsAreOne(strides, $dilations), () => `Error in gradient of depthwiseConv2d: Either strides or dilations must be  1. Got strides ${strides} and dilations '${$dilations}'.`);
    checkPadOnDimRoundingMode("depthwiseConv2d", pad4, dimRoundingMode);
    return {
      x: () => depthwiseConv2dNativeBackpropInput(x.shape, dy, filter, strides, pad4, $dilations, dimRoundingMode),
      filter: () => depthwiseConv2dNativeBackpropFilter(x, dy, filter.shape, strides, pad4, $dilations, dimRoundingMode)
    };
  }
};

// dist/gradients/Dilation2D_grad.js
var dilation2dGradConfig = {
  kernelName: Dilation2D2,
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const [x, filter] = saved;
    const inputInputs = { x, filter, dy };
    const filterInputs = { x, filter, dy };
    return {
      x: () => ENGINE.runKernel(Dilation2DBackpropInput2, inputInputs, attrs),
      filter: () => ENGINE.runKernel(Dilation2DBackpropFilter2, filterInputs, attrs)
    };
  }
};

// dist/gradients/Elu_grad.js
var eluGradConfig = {
  kernelName: Elu2,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved;
    const inputs = { dy, y };
    return { x: () => ENGINE.runKernel(EluGrad2, inputs) };
  }
};

// dist/ops/exp.js
import * as tf36 from "@tensorflow/tfjs-core";
var exp2 = /* @__PURE__ */ (() => tf36.exp)();

// dist/gradients/Erf_grad.js
var erfGradConfig = {
  kernelName: Erf2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    const a = mul2(exp2(neg2(square2(x))), 2 / Math.sqrt(Math.PI));
    return { x: () => mul2(dy, a) };
  }
};

// dist/gradients/Exp_grad.js
var expGradConfig = {
  kernelName: Exp2,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved;
    return { x: () => mul2(dy, y) };
  }
};

// dist/gradients/ExpandDims_grad.js
var expandDimsGradConfig = {
  kernelName: ExpandDims2,
  inputsToSave: ["input"],
  gradFunc: (dy, saved) => {
    const [input] = saved;
    return { input: () => reshape2(dy, input.shape) };
  }
};

// dist/gradients/Expm1_grad.js
var expm1GradConfig = {
  kernelName: Expm12,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, exp2(x)) };
  }
};

// dist/gradients/Floor_grad.js
var floorGradConfig = {
  kernelName: Floor2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/gradients/FloorDiv_grad.js
var floorDivGradConfig = {
  kernelName: FloorDiv2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const res = div2(dy, cast2(b, "float32"));
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), a.shape);
      }
      return res;
    };
    const derB = () => {
      let res = mul2(dy, cast2(a, "float32"));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = reshape2(sum2(res, reduceAxes), b.shape);
      }
      const tmp = square2(b);
      return neg2(div2(res, cast2(tmp, "float32")));
    };
    return { a: derA, b: derB };
  }
};

// dist/ops/rsqrt.js
import * as tf37 from "@tensorflow/tfjs-core";
var rsqrt2 = /* @__PURE__ */ (() => tf37.rsqrt)();

// dist/ops/tile.js
import * as tf38 from "@tensorflow/tfjs-core";
var tile2 = /* @__PURE__ */ (() => tf38.tile)();

// dist/gradients/FusedBatchNorm_grad.js
var fusedBatchNormGradConfig = {
  kernelName: FusedBatchNorm2,
  inputsToSave: ["x", "mean", "variance", "scale"],
  gradFunc: (dy, saved, attrs) => {
    const { varianceEpsilon } = attrs;
    const [x, mean2, variance, scale] = saved;
    const scaleValue = scale == null ? scalar2(1) : scale;
    const reductionAxes = getReductionAxes(mean2.shape, x.shape);
    const tileShape = [];
    if (mean2.rank === 1) {
      for (let i = 0; i < x.shape.length - 1; ++i) {
        tileShape.push(x.shape[i]);
      }
      tileShape.push(1);
    }
    const xMinusMean = sub2(x, mean2);
    const dyTimesScaleValue = mul2(dy, scaleValue);
    const oneOverSqrtVariance = rsqrt2(add2(variance, scalar2(varianceEpsilon)));
    const minusHalfRCube = mul2(mul2(mul2(oneOverSqrtVariance, oneOverSqrtVariance), oneOverSqrtVariance), scalar2(-0.5));
    const derX = () => {
      if (mean2.rank === 1) {
        return reshape2(mul2(mul2(dy, tile2(reshape2(oneOverSqrtVariance, [1, 1, 1, mean2.shape[0]]), tileShape)), scaleValue), x.shape);
      } else {
        return reshape2(mul2(mul2(dy, oneOverSqrtVariance), scaleValue), x.shape);
      }
    };
    const derMean = () => {
      let meanDer = mul2(mul2(oneOverSqrtVariance, scalar2(-1)), dyTimesScaleValue);
      if (mean2.rank === 1) {
        meanDer = sum2(meanDer, reductionAxes);
      }
      return reshape2(meanDer, mean2.shape);
    };
    const derVariance = () => {
      let varianceDer = mul2(mul2(minusHalfRCube, xMinusMean), dyTimesScaleValue);
      if (mean2.rank === 1) {
        varianceDer = sum2(varianceDer, reductionAxes);
      }
      return reshape2(varianceDer, mean2.shape);
    };
    const derScale = () => {
      const xMinusMean2TimesRsqrt = mul2(xMinusMean, oneOverSqrtVariance);
      let scaleDer = mul2(dy, xMinusMean2TimesRsqrt);
      if (mean2.rank === 1) {
        scaleDer = sum2(scaleDer, reductionAxes);
      }
      return reshape2(scaleDer, mean2.shape);
    };
    const derOffset = () => {
      let offsetDer = dy;
      if (mean2.rank === 1) {
        offsetDer = sum2(offsetDer, reductionAxes);
      }
      return reshape2(offsetDer, mean2.shape);
    };
    return {
      x: derX,
      mean: derMean,
      variance: derVariance,
      scale: derScale,
      offset: derOffset
    };
  }
};

// dist/ops/stack.js
import * as tf39 from "@tensorflow/tfjs-core";
var stack2 = /* @__PURE__ */ (() => tf39.stack)();

// dist/ops/unsorted_segment_sum.js
import * as tf40 from "@tensorflow/tfjs-core";
var unsortedSegmentSum2 = /* @__PURE__ */ (() => tf40.unsortedSegmentSum)();

// dist/gradients/GatherV2_grad.js
var gatherGradConfig = {
  kernelName: GatherV22,
  inputsToSave: ["x", "indices"],
  gradFunc: (dy, saved, attrs) => {
    const [x, indices] = saved;
    const { axis, batchDims } = attrs;
    const parsedAxis = parseAxisParam(axis, x.shape)[0];
    const derXBatch = (x2, indices2, dy2) => {
      return () => {
        const paramsShape = x2.shape;
        const indicesSize = indices2.size;
        const outerShape = paramsShape.slice(0, parsedAxis);
        const outerDims = outerShape.length;
        const innerShape = paramsShape.slice(axis, paramsShape.length).slice(1);
        const innerDims = innerShape.length;
        const outerAxesIndices = arrayRange(0, outerDims);
        const innerAxesIndices = arrayRange(outerDims + 1, outerDims + 1 + innerDims);
        const valuesShape = arrayConcat([
          outerShape,
          [indicesSize],
          innerShape
        ]);
        const values = reshape2(dy2, valuesShape);
        const reshapedIndices = reshape2(indices2, [indicesSize]);
        const transposeDims = arrayConcat([[outerDims], outerAxesIndices, innerAxesIndices]);
        const valuesTranspose = transpose2(values, transposeDims);
        let paramsGrad = unsortedSegmentSum2(valuesTranspose, reshapedIndices, x2.shape[parsedAxis]);
        const invertTransposeDims = getUndoAxesPermutation(transposeDims);
        paramsGrad = transpose2(paramsGrad, invertTransposeDims);
        return paramsGrad;
      };
    };
    if (batchDims === 1) {
      const batchSize = x.shape[0];
      const xBatch = x.split(batchSize, 0);
      const derXBatched = () => {
        const stacked = stack2(xBatch.map((x2, i) => {
          return derXBatch(x2, indices.slice(i, 1), dy.slice(i, 1))();
        }));
        return stacked.reshape(x.shape);
      };
      return { x: derXBatched, indices: () => indices };
    } else {
      return { x: derXBatch(x, indices, dy), indices: () => indices };
    }
  }
};
function arrayRange(start, stop) {
  const result = [];
  for (let i = start; i < stop; ++i) {
    result.push(i);
  }
  return result;
}
function arrayConcat(arrays) {
  const result = [];
  for (let i = 0; i < arrays.length; ++i) {
    for (let j = 0; j < arrays[i].length; ++j) {
      result.push(arrays[i][j]);
    }
  }
  return result;
}

// dist/gradients/GreaterEqual_grad.js
var greaterEqualGradConfig = {
  kernelName: GreaterEqual2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    return { a: () => zerosLike2(a), b: () => zerosLike2(b) };
  }
};

// dist/gradients/Identity_grad.js
var identityGradConfig = {
  kernelName: Identity2,
  gradFunc: (dy) => {
    return { x: () => cast2(dy, "float32") };
  }
};

// dist/gradients/IsFinite_grad.js
var isFiniteGradConfig = {
  kernelName: IsFinite2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/gradients/IsInf_grad.js
var isInfGradConfig = {
  kernelName: IsInf2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/gradients/IsNan_grad.js
var isNanGradConfig = {
  kernelName: IsNan2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/ops/greater.js
import * as tf41 from "@tensorflow/tfjs-core";
var greater2 = /* @__PURE__ */ (() => tf41.greater)();

// dist/gradients/LeakyRelu_grad.js
var leakyReluGradConfig = {
  kernelName: LeakyRelu2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { alpha } = attrs;
    const mask = greater2(x, 0);
    return { x: () => where2(mask, dy, mul2(dy, alpha)) };
  }
};

// dist/gradients/Log1p_grad.js
var log1pGradConfig = {
  kernelName: Log1p2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, add2(x, 1)) };
  }
};

// dist/gradients/Log_grad.js
var logGradConfig = {
  kernelName: Log2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, cast2(x, "float32")) };
  }
};

// dist/gradients/LogSoftmax_grad.js
var logSoftmaxGradConfig = {
  kernelName: LogSoftmax2,
  inputsToSave: [],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [value] = saved;
    const { axis } = attrs;
    return {
      logits: () => {
        const keepDims = true;
        const softmax2 = exp2(value);
        return sub2(dy, mul2(sum2(dy, axis, keepDims), softmax2));
      }
    };
  }
};

// dist/ops/local_response_normalization_backprop.js
function localResponseNormalizationBackprop_(x, y, dy, depthRadius = 5, bias = 1, alpha = 1, beta = 0.5) {
  const inputs = { x, y, dy };
  const attrs = { depthRadius, bias, alpha, beta };
  return ENGINE.runKernel(LRNGrad2, inputs, attrs);
}
var localResponseNormalizationBackprop = op2({ localResponseNormalizationBackprop_ });

// dist/gradients/LRN_grad.js
var lrnGradConfig = {
  kernelName: LRN2,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, y] = saved;
    const { depthRadius, bias, alpha, beta } = attrs;
    return {
      x: () => localResponseNormalizationBackprop(x, y, dy, depthRadius, bias, alpha, beta)
    };
  }
};

// dist/ops/equal.js
import * as tf42 from "@tensorflow/tfjs-core";
var equal2 = /* @__PURE__ */ (() => tf42.equal)();

// dist/gradients/min_max_grad_util.js
function gradForMinAndMax(dy, y, xOrig, origAxes) {
  if (y.rank < xOrig.rank) {
    y = reshape2(y, expandShapeToKeepDim(y.shape, origAxes));
  }
  if (dy.rank < xOrig.rank) {
    dy = reshape2(dy, expandShapeToKeepDim(dy.shape, origAxes));
  }
  return {
    x: () => {
      const dx = mul2(dy, cast2(equal2(xOrig, y), dy.dtype));
      return dx;
    }
  };
}

// dist/gradients/Max_grad.js
var maxGradConfig = {
  kernelName: Max2,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const maxAttrs = attrs;
    const { reductionIndices } = maxAttrs;
    const x = saved[0];
    const y = saved[1];
    const origAxes = parseAxisParam(reductionIndices, x.shape);
    const maxGrad = gradForMinAndMax(dy, y, x, origAxes);
    return {
      x: () => {
        return maxGrad["x"]();
      }
    };
  }
};

// dist/ops/less.js
import * as tf43 from "@tensorflow/tfjs-core";
var less2 = /* @__PURE__ */ (() => tf43.less)();

// dist/gradients/Maximum_grad.js
var maximumGradConfig = {
  kernelName: Maximum2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const derA = () => mul2(dy, cast2(greaterEqual2(a, b), "float32"));
    const derB = () => mul2(dy, cast2(less2(a, b), "float32"));
    return { a: derA, b: derB };
  }
};

// dist/ops/max_pool_3d_grad.js
function maxPool3dGrad_(dy, input, output, filterSize, strides, pad4, dimRoundingMode) {
  const $dy = convertToTensor(dy, "dy", "maxPool3dGrad");
  const $input = convertToTensor(input, "input", "maxPool3dGrad");
  const $output = convertToTensor(output, "output", "maxPool3dGrad");
  let dy5D = $dy;
  let input5D = $input;
  let output5D = $output;
  let reshapedTo5D = false;
  if ($input.rank === 4) {
    reshapedTo5D = true;
    dy5D = reshape2($dy, [1, $dy.shape[0], $dy.shape[1], $dy.shape[2], $dy.shape[3]]);
    input5D = reshape2($input, [
      1,
      $input.shape[0],
      $input.shape[1],
      $input.shape[2],
      $input.shape[3]
    ]);
    output5D = reshape2($output, [
      1,
      $output.shape[0],
      $output.shape[1],
      $output.shape[2],
      $output.shape[3]
    ]);
  }
  assert(dy5D.rank === 5, () => `Error in maxPool3dGrad: dy must be rank 5 but got rank ${dy5D.rank}.`);
  assert(input5D.rank === 5, () => `Error in maxPool3dGrad: input must be rank 5 but got rank ${input5D.rank}.`);
  assert(output5D.rank === 5, () => `Error in maxPool3dGrad: output must be rank 5 but got rank ${output5D.rank}.`);
  checkPadOnDimRoundingMode("maxPool3dGrad", pad4, dimRoundingMode);
  const inputs = { dy: dy5D, input: input5D, output: output5D };
  const attrs = { filterSize, strides, pad: pad4, dimRoundingMode };
  const res = ENGINE.runKernel(MaxPool3DGrad2, inputs, attrs);
  if (reshapedTo5D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3], res.shape[4]]);
  }
  return res;
}
var maxPool3dGrad = /* @__PURE__ */ op2({ maxPool3dGrad_ });

// dist/gradients/MaxPool3D_grad.js
var maxPool3DGradConfig = {
  kernelName: MaxPool3D2,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, y] = saved;
    const { filterSize, strides, pad: pad4, dimRoundingMode } = attrs;
    return {
      x: () => maxPool3dGrad(dy, x, y, filterSize, strides, pad4, dimRoundingMode)
    };
  }
};

// dist/ops/max_pool_grad.js
function maxPoolGrad_(dy, input, output, filterSize, strides, pad4, dimRoundingMode) {
  const $dy = convertToTensor(dy, "dy", "maxPoolGrad");
  const $input = convertToTensor(input, "input", "maxPoolGrad");
  const $output = convertToTensor(output, "output", "maxPoolGrad");
  assert($input.rank === $dy.rank, () => `Rank of input (${$input.rank}) does not match rank of dy (${$dy.rank})`);
  assert($dy.rank === 4, () => `Error in maxPoolGrad: dy must be rank 4 but got rank ${$dy.rank}.`);
  assert($input.rank === 4, () => `Error in maxPoolGrad: input must be rank 4 but got rank ${$input.rank}.`);
  checkPadOnDimRoundingMode("maxPoolGrad", pad4, dimRoundingMode);
  const inputs = { dy: $dy, input: $input, output: $output };
  const attrs = { filterSize, strides, pad: pad4, dimRoundingMode };
  return ENGINE.runKernel(MaxPoolGrad2, inputs, attrs);
}
var maxPoolGrad = /* @__PURE__ */ op2({ maxPoolGrad_ });

// dist/gradients/MaxPool_grad.js
var maxPoolGradConfig = {
  kernelName: MaxPool2,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, y] = saved;
    const { filterSize, strides, pad: pad4 } = attrs;
    return {
      x: () => maxPoolGrad(dy, x, y, filterSize, strides, pad4)
    };
  }
};

// dist/ops/ones.js
import * as tf44 from "@tensorflow/tfjs-core";
var ones2 = /* @__PURE__ */ (() => tf44.ones)();

// dist/gradients/Mean_grad.js
var meanGradConfig = {
  kernelName: Mean2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { axis } = attrs;
    const axes = parseAxisParam(axis, x.shape);
    const shapes = computeOutAndReduceShapes(x.shape, axes);
    const reduceShape = shapes[1];
    const reduceSize = sizeFromShape(reduceShape);
    const derX = () => {
      const expandedDyShape = x.shape.slice();
      axes.forEach((axis2) => {
        expandedDyShape[axis2] = 1;
      });
      const expandedDy = reshape2(dy, expandedDyShape);
      const res = div2(mul2(expandedDy, ones2(x.shape, "float32")), reduceSize);
      return res;
    };
    return { x: derX };
  }
};

// dist/gradients/Min_grad.js
var minGradConfig = {
  kernelName: Min2,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const minAttrs = attrs;
    const { axis } = minAttrs;
    const [x, y] = saved;
    const origAxes = parseAxisParam(axis, x.shape);
    const minGrad = gradForMinAndMax(dy, y, x, origAxes);
    return {
      x: () => {
        return minGrad["x"]();
      }
    };
  }
};

// dist/gradients/Minimum_grad.js
var minimumGradConfig = {
  kernelName: Minimum2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const derA = () => mul2(dy, cast2(lessEqual2(a, b), "float32"));
    const derB = () => mul2(dy, cast2(greater2(a, b), "float32"));
    return { a: derA, b: derB };
  }
};

// dist/ops/slice.js
import * as tf45 from "@tensorflow/tfjs-core";
var slice2 = /* @__PURE__ */ (() => tf45.slice)();

// dist/gradients/MirrorPad_grad.js
var mirrorPadGradConfig = {
  kernelName: MirrorPad2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0];
    const { paddings } = attrs;
    const begin = paddings.map((p) => p[0]);
    return { x: () => slice2(dy, begin, x.shape) };
  }
};

// dist/ops/floor.js
import * as tf46 from "@tensorflow/tfjs-core";
var floor2 = /* @__PURE__ */ (() => tf46.floor)();

// dist/gradients/Mod_grad.js
var modGradConfig = {
  kernelName: Mod2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(dy, reduceAxes), a.shape);
      }
      return dy;
    };
    const derB = () => {
      const res = mul2(dy, neg2(floor2(div2(a, b))));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), b.shape);
      }
      return res;
    };
    return { a: derA, b: derB };
  }
};

// dist/gradients/Multiply_grad.js
var multiplyGradConfig = {
  kernelName: Multiply2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const res = mul2(dy, cast2(b, "float32"));
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), a.shape);
      }
      return res;
    };
    const derB = () => {
      const res = mul2(dy, cast2(a, "float32"));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), b.shape);
      }
      return res;
    };
    return { a: derA, b: derB };
  }
};

// dist/gradients/Neg_grad.js
var negGradConfig = {
  kernelName: Neg2,
  gradFunc: (dy) => {
    return { x: () => neg2(dy) };
  }
};

// dist/ops/zeros.js
import * as tf47 from "@tensorflow/tfjs-core";
var zeros2 = /* @__PURE__ */ (() => tf47.zeros)();

// dist/gradients/OneHot_grad.js
var oneHotGradConfig = {
  kernelName: OneHot2,
  inputsToSave: ["indices"],
  gradFunc: (dy, saved) => {
    const indices = saved[0];
    return { indices: () => zeros2(indices.shape, "float32") };
  }
};

// dist/gradients/OnesLike_grad.js
var onesLikeGradConfig = {
  kernelName: OnesLike2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/ops/unstack.js
import * as tf48 from "@tensorflow/tfjs-core";
var unstack2 = /* @__PURE__ */ (() => tf48.unstack)();

// dist/gradients/Pack_grad.js
var packGradConfig = {
  kernelName: Pack2,
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    const { axis } = attrs;
    const derTensors = unstack2(dy, axis);
    return derTensors.map((t) => () => t);
  }
};

// dist/gradients/PadV2_grad.js
var padV2GradConfig = {
  kernelName: PadV22,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0];
    const { paddings } = attrs;
    const begin = paddings.map((p) => p[0]);
    return { x: () => slice2(dy, begin, x.shape) };
  }
};

// dist/ops/log.js
import * as tf49 from "@tensorflow/tfjs-core";
var log2 = /* @__PURE__ */ (() => tf49.log)();

// dist/ops/pow.js
import * as tf50 from "@tensorflow/tfjs-core";
var pow2 = /* @__PURE__ */ (() => tf50.pow)();

// dist/gradients/Pow_grad.js
var powGradConfig = {
  kernelName: Pow2,
  inputsToSave: ["a", "b"],
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [a, b, y] = saved;
    const base = a;
    const exp4 = b;
    const outShape = assertAndGetBroadcastShape(base.shape, exp4.shape);
    const derBase = () => {
      const expFloat = cast2(exp4, "float32");
      let res = mul2(dy, mul2(expFloat, pow2(base, sub2(expFloat, scalar2(1)))));
      const reduceAxes = getReductionAxes(base.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, base.shape);
    };
    const derExp = () => {
      const condition = greater2(base, 0);
      const logBase = where2(condition, log2(base), zerosLike2(base));
      let res = mul2(dy, mul2(y, logBase));
      const reduceAxes = getReductionAxes(exp4.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, exp4.shape);
    };
    return { a: derBase, b: derExp };
  }
};

// dist/gradients/Prelu_grad.js
var preluGradConfig = {
  kernelName: Prelu2,
  inputsToSave: ["x", "alpha"],
  gradFunc: (dy, saved) => {
    const [x, alpha] = saved;
    const mask = greater2(x, 0);
    return {
      x: () => where2(mask, dy, mul2(dy, alpha)),
      alpha: () => {
        let res = where2(mask, zerosLike2(dy), mul2(dy, x));
        const reduceAxes = getReductionAxes(alpha.shape, dy.shape);
        if (reduceAxes.length > 0) {
          res = sum2(res, reduceAxes);
        }
        return reshape2(res, alpha.shape);
      }
    };
  }
};

// dist/base.js
import * as tf51 from "@tensorflow/tfjs-core";
var backend_util5 = /* @__PURE__ */ (() => tf51.backend_util)();

// dist/ops/cumprod.js
import * as tf52 from "@tensorflow/tfjs-core";
var cumprod3 = /* @__PURE__ */ (() => tf52.cumprod)();

// dist/gradients/Prod_grad.js
function prodGradFn_(x, dy, axis) {
  const expandedYShape = x.shape.slice();
  expandedYShape[axis] = 1;
  const expandedDy = reshape2(dy, expandedYShape);
  const xCumProd = cumprod3(x, axis, true, false);
  const xCumRevProd = cumprod3(x, axis, true, true);
  const dx = mul2(xCumProd, xCumRevProd);
  return mul2(expandedDy, dx);
}
function prodsGradFn_(x, dy, axis) {
  const xRank = x.shape.length;
  const finalProdAxis = xRank - axis.length;
  const xPermutation = backend_util5.getAxesPermutation(axis, xRank);
  let permutedX = x;
  if (xPermutation != null) {
    permutedX = transpose2(x, xPermutation);
  }
  const newShape = permutedX.shape.slice();
  const removedShape = newShape.splice(xRank - axis.length, axis.length);
  const endPartShape = removedShape.reduce((p, c) => p * c, 1);
  newShape.push(endPartShape);
  const reshapedPermutedX = permutedX.reshape(newShape);
  let prodGrad = prodGradFn_(reshapedPermutedX, dy, finalProdAxis);
  prodGrad = prodGrad.reshape(permutedX.shape);
  if (xPermutation != null) {
    const undoPermutation = backend_util5.getUndoAxesPermutation(xPermutation);
    prodGrad = transpose2(prodGrad, undoPermutation);
  }
  return prodGrad;
}
var prodGradConfig = {
  kernelName: Prod2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { axis } = attrs;
    let axisArr = [];
    if (axis === void 0 || axis === null) {
      axisArr = x.shape.map((_, i) => i);
    } else if (typeof axis === "number") {
      axisArr = [axis];
    } else {
      axisArr = axis;
    }
    return { x: () => prodsGradFn_(x, dy, axisArr) };
  }
};

// dist/gradients/RealDiv_grad.js
var divGradConfig = {
  kernelName: RealDiv2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const res = div2(dy, cast2(b, "float32"));
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), a.shape);
      }
      return res;
    };
    const derB = () => {
      let res = mul2(dy, cast2(a, "float32"));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = reshape2(sum2(res, reduceAxes), b.shape);
      }
      const tmp = square2(b);
      return neg2(div2(res, cast2(tmp, "float32")));
    };
    return { a: derA, b: derB };
  }
};

// dist/gradients/Reciprocal_grad.js
var reciprocalGradConfig = {
  kernelName: Reciprocal2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, neg2(square2(x))) };
  }
};

// dist/gradients/Relu6_grad.js
var relu6GradConfig = {
  kernelName: Relu62,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    const mask = mul2(lessEqual2(x, 6), step2(x));
    return { x: () => mul2(dy, cast2(mask, "float32")) };
  }
};

// dist/gradients/Relu_grad.js
var reluGradConfig = {
  kernelName: Relu2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, cast2(step2(x), "float32")) };
  }
};

// dist/gradients/Reshape_grad.js
var reshapeGradConfig = {
  kernelName: Reshape2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => reshape2(dy, x.shape) };
  }
};

// dist/gradients/ResizeBilinear_grad.js
var resizeBilinearGradConfig = {
  kernelName: ResizeBilinear2,
  inputsToSave: ["images"],
  gradFunc: (dy, saved, attrs) => {
    const [images] = saved;
    const inputs = { dy, images };
    const imagesDer = () => (
      // tslint:disable-next-line: no-unnecessary-type-assertion
      ENGINE.runKernel(ResizeBilinearGrad2, inputs, attrs)
    );
    return { images: imagesDer };
  }
};

// dist/gradients/ResizeNearestNeighbor_grad.js
var resizeNearestNeighborGradConfig = {
  kernelName: ResizeNearestNeighbor2,
  inputsToSave: ["images"],
  gradFunc: (dy, saved, attrs) => {
    const [images] = saved;
    const inputs = { dy, images };
    const imagesDer = () => (
      // tslint:disable-next-line: no-unnecessary-type-assertion
      ENGINE.runKernel(ResizeNearestNeighborGrad2, inputs, attrs)
    );
    return { images: imagesDer };
  }
};

// dist/ops/reverse.js
import * as tf53 from "@tensorflow/tfjs-core";
var reverse3 = /* @__PURE__ */ (() => tf53.reverse)();

// dist/gradients/Reverse_grad.js
var reverseGradConfig = {
  kernelName: Reverse2,
  gradFunc: (dy, saved, attrs) => {
    const { dims } = attrs;
    const axes = parseAxisParam(dims, dy.shape);
    return { x: () => reverse3(dy, axes) };
  }
};

// dist/gradients/Round_grad.js
var roundGradConfig = {
  kernelName: Round2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/gradients/Rsqrt_grad.js
var rsqrtGradConfig = {
  kernelName: Rsqrt2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => neg2(div2(dy, mul2(pow2(x, 1.5), 2))) };
  }
};

// dist/ops/logical_not.js
import * as tf54 from "@tensorflow/tfjs-core";
var logicalNot3 = /* @__PURE__ */ (() => tf54.logicalNot)();

// dist/gradients/Select_grad.js
var selectGradConfig = {
  kernelName: Select2,
  inputsToSave: ["condition"],
  gradFunc: (dy, saved) => {
    const [condition] = saved;
    return {
      // TODO(julianoks): Return null for condition gradient
      // when backprop supports it.
      condition: () => cast2(zerosLike2(condition), "float32"),
      t: () => mul2(dy, cast2(condition, dy.dtype)),
      e: () => mul2(dy, cast2(logicalNot3(condition), dy.dtype))
    };
  }
};

// dist/ops/selu_util.js
import * as tf55 from "@tensorflow/tfjs-core";
var SELU_SCALEALPHA = /* @__PURE__ */ (() => tf55.backend_util.SELU_SCALEALPHA)();
var SELU_SCALE = /* @__PURE__ */ (() => tf55.backend_util.SELU_SCALE)();

// dist/gradients/Selu_grad.js
var seluGradConfig = {
  kernelName: Selu2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const mask = greater2(x, scalar2(0));
        const scaleAlpha = scalar2(SELU_SCALEALPHA);
        const scale = scalar2(SELU_SCALE);
        const greaterThanZeroDer = mul2(dy, scale);
        const lessEqualZeroDer = mul2(mul2(dy, scaleAlpha), exp2(cast2(x, "float32")));
        return where2(mask, greaterThanZeroDer, lessEqualZeroDer);
      }
    };
  }
};

// dist/gradients/Sigmoid_grad.js
var sigmoidGradConfig = {
  kernelName: Sigmoid2,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved;
    return { x: () => mul2(dy, mul2(y, sub2(scalar2(1), y))) };
  }
};

// dist/gradients/Sign_grad.js
var signGradConfig = {
  kernelName: Sign2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/ops/cos.js
import * as tf56 from "@tensorflow/tfjs-core";
var cos3 = /* @__PURE__ */ (() => tf56.cos)();

// dist/gradients/Sin_grad.js
var sinGradConfig = {
  kernelName: Sin2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(cos3(cast2(x, "float32")), dy) };
  }
};

// dist/ops/cosh.js
import * as tf57 from "@tensorflow/tfjs-core";
var cosh3 = /* @__PURE__ */ (() => tf57.cosh)();

// dist/gradients/Sinh_grad.js
var sinhGradConfig = {
  kernelName: Sinh2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(cosh3(cast2(x, "float32")), dy) };
  }
};

// dist/ops/pad.js
import * as tf58 from "@tensorflow/tfjs-core";
var pad3 = /* @__PURE__ */ (() => tf58.pad)();

// dist/ops/slice_util.js
import * as tf59 from "@tensorflow/tfjs-core";
var parseSliceParams = /* @__PURE__ */ (() => tf59.slice_util.parseSliceParams)();

// dist/gradients/Slice_grad.js
var sliceGradConfig = {
  kernelName: Slice2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { begin, size } = attrs;
    const inputShape = x.shape;
    const [begin_, size_] = parseSliceParams(x, begin, size);
    const paddings = [];
    for (let i = 0; i < dy.rank; i++) {
      paddings.push([begin_[i], inputShape[i] - begin_[i] - size_[i]]);
    }
    return { x: () => pad3(dy, paddings) };
  }
};

// dist/gradients/Softmax_grad.js
var softmaxGradConfig = {
  kernelName: Softmax2,
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [y] = saved;
    const { dim } = attrs;
    const keepDims = true;
    const dyTimesY = mul2(dy, y);
    return {
      logits: () => sub2(dyTimesY, mul2(sum2(dyTimesY, [dim], keepDims), y))
    };
  }
};

// dist/ops/sigmoid.js
import * as tf60 from "@tensorflow/tfjs-core";
var sigmoid3 = /* @__PURE__ */ (() => tf60.sigmoid)();

// dist/gradients/Softplus_grad.js
var softplusGradConfig = {
  kernelName: Softplus2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, sigmoid3(x)) };
  }
};

// dist/ops/batch_to_space_nd.js
import * as tf61 from "@tensorflow/tfjs-core";
var batchToSpaceND3 = /* @__PURE__ */ (() => tf61.batchToSpaceND)();

// dist/gradients/SpaceToBatchND_grad.js
var spaceToBatchNDGradConfig = {
  kernelName: SpaceToBatchND2,
  gradFunc: (dy, saved, attrs) => {
    const { blockShape, paddings } = attrs;
    return { x: () => batchToSpaceND3(dy, blockShape, paddings) };
  }
};

// dist/ops/concat.js
import * as tf62 from "@tensorflow/tfjs-core";
var concat3 = /* @__PURE__ */ (() => tf62.concat)();

// dist/gradients/SplitV_grad.js
var splitVGradConfig = {
  kernelName: SplitV2,
  gradFunc: (dy, saved, attrs) => {
    const { axis } = attrs;
    return { x: () => concat3(dy, axis) };
  }
};

// dist/gradients/Sqrt_grad.js
var sqrtGradConfig = {
  kernelName: Sqrt2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, mul2(sqrt2(cast2(x, "float32")), 2)) };
  }
};

// dist/gradients/Square_grad.js
var squareGradConfig = {
  kernelName: Square2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, mul2(cast2(x, "float32"), 2)) };
  }
};

// dist/gradients/SquaredDifference_grad.js
var squaredDifferenceGradConfig = {
  kernelName: SquaredDifference2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const two = scalar2(2);
    const derA = () => mul2(dy, mul2(two, sub2(a, b)));
    const derB = () => mul2(dy, mul2(two, sub2(b, a)));
    return { a: derA, b: derB };
  }
};

// dist/gradients/Step_grad.js
var stepGradConfig = {
  kernelName: Step2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/gradients/Sub_grad.js
var subGradConfig = {
  kernelName: Sub2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      let res = dy;
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, a.shape);
    };
    const derB = () => {
      let res = dy;
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(neg2(res), b.shape);
    };
    return { a: derA, b: derB };
  }
};

// dist/gradients/Sum_grad.js
var sumGradConfig = {
  kernelName: Sum2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const expandedDyShape = x.shape.slice();
    const { axis } = attrs;
    const axes = parseAxisParam(axis, x.shape);
    axes.forEach((axis2) => {
      expandedDyShape[axis2] = 1;
    });
    const expandedDy = reshape2(dy, expandedDyShape);
    const derX = mul2(expandedDy, ones2(x.shape, "float32"));
    return { x: () => derX };
  }
};

// dist/gradients/Tan_grad.js
var tanGradConfig = {
  kernelName: Tan2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, square2(cos3(x))) };
  }
};

// dist/gradients/Tanh_grad.js
var tanhGradConfig = {
  kernelName: Tanh2,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved;
    return { x: () => mul2(sub2(scalar2(1), square2(y)), dy) };
  }
};

// dist/gradients/Tile_grad.js
var tileGradConfig = {
  kernelName: Tile2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { reps } = attrs;
    const derX = () => {
      let xGrad = zerosLike2(x);
      if (x.rank === 1) {
        for (let i = 0; i < reps[0]; ++i) {
          xGrad = add2(xGrad, slice2(dy, [i * x.shape[0]], [x.shape[0]]));
        }
      } else if (x.rank === 2) {
        for (let i = 0; i < reps[0]; ++i) {
          for (let j = 0; j < reps[1]; ++j) {
            xGrad = add2(xGrad, slice2(dy, [i * x.shape[0], j * x.shape[1]], [
              x.shape[0],
              x.shape[1]
            ]));
          }
        }
      } else if (x.rank === 3) {
        for (let i = 0; i < reps[0]; ++i) {
          for (let j = 0; j < reps[1]; ++j) {
            for (let k = 0; k < reps[2]; ++k) {
              xGrad = add2(xGrad, slice2(dy, [i * x.shape[0], j * x.shape[1], k * x.shape[2]], [x.shape[0], x.shape[1], x.shape[2]]));
            }
          }
        }
      } else if (x.rank === 4) {
        for (let i = 0; i < reps[0]; ++i) {
          for (let j = 0; j < reps[1]; ++j) {
            for (let k = 0; k < reps[2]; ++k) {
              for (let l = 0; l < reps[3]; ++l) {
                xGrad = add2(xGrad, slice2(dy, [
                  i * x.shape[0],
                  j * x.shape[1],
                  k * x.shape[2],
                  l * x.shape[3]
                ], [x.shape[0], x.shape[1], x.shape[2], x.shape[3]]));
              }
            }
          }
        }
      } else {
        throw new Error(`Gradient for tile operation is not implemented for rank-${x.rank} tensors yet.`);
      }
      return xGrad;
    };
    return { x: derX };
  }
};

// dist/gradients/Transpose_grad.js
var transposeGradConfig = {
  kernelName: Transpose2,
  gradFunc: (dy, saved, attrs) => {
    const transposeAttrs = attrs;
    const { perm } = transposeAttrs;
    const undoPerm = getUndoAxesPermutation(perm);
    return { x: () => transpose2(dy, undoPerm) };
  }
};

// dist/gradients/Unpack_grad.js
var unpackGradConfig = {
  kernelName: Unpack2,
  gradFunc: (dy, saved, attrs) => {
    const unpackAttrs = attrs;
    const { axis } = unpackAttrs;
    return { value: () => stack2(dy, axis) };
  }
};

// dist/ops/expand_dims.js
import * as tf63 from "@tensorflow/tfjs-core";
var expandDims3 = /* @__PURE__ */ (() => tf63.expandDims)();

// dist/ops/gather.js
import * as tf64 from "@tensorflow/tfjs-core";
var gather3 = /* @__PURE__ */ (() => tf64.gather)();

// dist/ops/maximum.js
import * as tf65 from "@tensorflow/tfjs-core";
var maximum3 = /* @__PURE__ */ (() => tf65.maximum)();

// dist/gradients/UnsortedSegmentSum_grad.js
var unsortedSegmentSumGradConfig = {
  kernelName: UnsortedSegmentSum2,
  inputsToSave: ["segmentIds"],
  gradFunc: (dy, saved) => {
    const [segmentIds] = saved;
    const derX = () => {
      return gatherDropNegatives(dy, segmentIds);
    };
    return { x: derX };
  }
};
function gatherDropNegatives(x, indices) {
  const zeroClippedIndices = maximum3(indices, zerosLike2(indices));
  const gathered = gather3(x, zeroClippedIndices);
  let isPositive = greaterEqual2(indices, scalar2(0, "int32"));
  const numIters = gathered.rank - isPositive.rank;
  for (let i = 0; i < numIters; ++i) {
    isPositive = expandDims3(isPositive, i + 1);
  }
  isPositive = logicalAnd2(isPositive, ones2(gathered.shape, "bool"));
  const zeroSlice = zerosLike2(gathered);
  return where2(isPositive, gathered, zeroSlice);
}

// dist/gradients/ZerosLike_grad.js
var zerosLikeGradConfig = {
  kernelName: ZerosLike2,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// dist/register_all_gradients.js
var gradConfigs = [
  absGradConfig,
  acosGradConfig,
  acoshGradConfig,
  addGradConfig,
  addNGradConfig,
  argMaxGradConfig,
  argMinGradConfig,
  asinGradConfig,
  asinhGradConfig,
  atan2GradConfig,
  atanGradConfig,
  atanhGradConfig,
  avgPool3DGradConfig,
  avgPoolGradConfig,
  batchMatMulGradConfig,
  batchToSpaceNDGradConfig,
  broadcastToGradConfig,
  castGradConfig,
  ceilGradConfig,
  clipByValueGradConfig,
  complexAbsGradConfig,
  concatGradConfig,
  conv2DBackpropInputGradConfig,
  conv2DGradConfig,
  conv3DGradConfig,
  cosGradConfig,
  coshGradConfig,
  cumsumGradConfig,
  depthwiseConv2dNativeGradConfig,
  dilation2dGradConfig,
  divGradConfig,
  eluGradConfig,
  erfGradConfig,
  expGradConfig,
  expandDimsGradConfig,
  expm1GradConfig,
  floorDivGradConfig,
  floorGradConfig,
  fusedBatchNormGradConfig,
  gatherGradConfig,
  greaterEqualGradConfig,
  identityGradConfig,
  isFiniteGradConfig,
  isInfGradConfig,
  isNanGradConfig,
  leakyReluGradConfig,
  log1pGradConfig,
  logGradConfig,
  logSoftmaxGradConfig,
  lrnGradConfig,
  maxGradConfig,
  maxGradConfig,
  maximumGradConfig,
  maxPool3DGradConfig,
  maxPoolGradConfig,
  meanGradConfig,
  minGradConfig,
  minimumGradConfig,
  mirrorPadGradConfig,
  modGradConfig,
  multiplyGradConfig,
  negGradConfig,
  oneHotGradConfig,
  onesLikeGradConfig,
  packGradConfig,
  padV2GradConfig,
  padV2GradConfig,
  powGradConfig,
  preluGradConfig,
  prodGradConfig,
  reciprocalGradConfig,
  relu6GradConfig,
  reluGradConfig,
  reshapeGradConfig,
  resizeBilinearGradConfig,
  resizeNearestNeighborGradConfig,
  reverseGradConfig,
  roundGradConfig,
  rsqrtGradConfig,
  selectGradConfig,
  seluGradConfig,
  sigmoidGradConfig,
  signGradConfig,
  sinGradConfig,
  sinhGradConfig,
  sliceGradConfig,
  softmaxGradConfig,
  softplusGradConfig,
  spaceToBatchNDGradConfig,
  spaceToBatchNDGradConfig,
  splitVGradConfig,
  splitVGradConfig,
  sqrtGradConfig,
  squaredDifferenceGradConfig,
  squareGradConfig,
  stepGradConfig,
  subGradConfig,
  sumGradConfig,
  tanGradConfig,
  tanhGradConfig,
  tileGradConfig,
  transposeGradConfig,
  unpackGradConfig,
  unsortedSegmentSumGradConfig,
  zerosLikeGradConfig
];
export {
  gradConfigs
};

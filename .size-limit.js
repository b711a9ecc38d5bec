/**
 * Upper limit of each package in a browser bundle (minified, brotli), our own packages included, TensorFlow.js not: about a quarter above the size at
 * which it was set. Raise a limit in the commit that needs it.
 */
const limits = {};

export default [];

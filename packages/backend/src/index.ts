export { doctor, type DoctorReport } from './doctor.js';
export { cacheFolder, type Flavour } from './native-build.js';
export { selfTest } from './self-test.js';
export { setupNative, type SetupOptions, type SetupProgress, type SetupResult } from './setup-native.js';
export { type SetupProblemCode } from './setup-problem.js';
export { startBackend, type BackendName, type StartedBackend, type StartOptions } from './start-backend.js';
export { setupSize, type SetupSize } from './wheels.js';

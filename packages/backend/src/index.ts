export { startBackend, type BackendName } from './start-backend.js';

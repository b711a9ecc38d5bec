/** The key of a file's checksum in its metadata; with the name of the program, as other programs have keys of their own. */
export const CHECKSUM_KEY = 'audio_ssl_sha256';

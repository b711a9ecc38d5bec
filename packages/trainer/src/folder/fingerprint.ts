/** What a run was configured with: nested objects of JSON values. */
export type Fingerprint = Readonly<Record<string, unknown>>;

/** Which keys differ, e.g. `optimizer.learningRate is 0.001 in the run and 0.002 now`; empty when none does. */
export function describeDifferences(saved: Fingerprint, now: Fingerprint): string {
  const before = flatten(saved);
  const after = flatten(now);
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `${name} is ${before.get(name) ?? 'not set'} in the run and ${after.get(name) ?? 'not set'} now`)
    .join(', ');
}

/** Every value that is not a plain object, as JSON, under its dotted path. */
function flatten(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const json = JSON.stringify(value) as string | undefined;
    return new Map(json === undefined ? [] : [[path, json]]); // undefined is left out, as in JSON
  }
  return new Map(
    Object.entries(value).flatMap(([name, child]) => [...flatten(child, path === '' ? name : `${path}.${name}`)]),
  );
}

/** The time of day so many seconds after `now`, with the date when that is another day. */
export function clock(seconds: number, now = new Date()): string {
  const then = new Date(now.getTime() + 1000 * seconds);
  const [day, time] = [then.toDateString(), then.toTimeString().slice(0, 5)];
  return day === now.toDateString() ? time : `${day.slice(0, 10)}, ${time}`; // such as Sat Aug 03, 09:12
}

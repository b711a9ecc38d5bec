/** At most 500 characters of a message: what a hostile file says about itself may be long. */
export function clip(message: string): string {
  return message.length > 500 ? `${message.slice(0, 500)}...` : message;
}

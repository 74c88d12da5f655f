/** The address of the page: `#/c/ID` while a conversation is open. An id is no secret; a token is never here. */

/** The conversation that a location hash names. */
export function idOf(hash: string): string | undefined {
  const found = /^#\/c\/([^/?#]{1,128})$/.exec(hash)?.[1];
  if (!found) return undefined;
  try {
    return decodeURIComponent(found);
  } catch {
    return undefined;
  }
}

/** The hash for a conversation, or for none. */
export function pathOf(id: string | undefined): string {
  return id ? `#/c/${encodeURIComponent(id)}` : '#/';
}

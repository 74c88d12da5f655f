/** What is wrong with a file before it is sent: the server says the same, in English, after 10 MB have travelled. */

/** Bytes that the server takes of a file. */
export const MOST = 1 << 20;

/** Why a file can not be knowledge. */
export type Bad = 'big' | 'type' | 'binary' | 'utf16' | 'encoding' | 'empty';

/** What is wrong with a file, as far as can be seen here. */
export function badFile(name: string, bytes: Uint8Array): Bad | undefined {
  if (!/\.(md|markdown|txt|csv)$/i.test(name)) return 'type';
  if (bytes.length > MOST) return 'big';
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return 'utf16';
  if (bytes.includes(0)) return 'binary';
  try {
    if (!new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()) return 'empty';
  } catch {
    return 'encoding';
  }
  return undefined;
}

/** Bytes as the API takes them. */
export function base64(bytes: Uint8Array): string {
  let s = '';
  for (let i = 0; i < bytes.length; i += 0x8000) s += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(s);
}

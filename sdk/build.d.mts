export const budget: { [name: string]: number };
export const INBOX: number;
export function bundleConsole(): Promise<Map<string, Buffer>>;
export function inboxOf(files: Map<string, Buffer>): string[];
export function gzipOf(files: Map<string, Buffer>, names: string[]): number;
export function bundleAll(): Promise<Map<string, Buffer>>;
export function declare(): Promise<string>;

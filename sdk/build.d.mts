export const budget: { [name: string]: number };
export function bundleAll(): Promise<Map<string, Buffer>>;
export function declare(): Promise<string>;

import type { Server } from './server.ts';

/** The settings of the one site there is, as far as these tests change them. */
export interface SiteSettings {
  origins: string[];
  users: { required: boolean; secrets: string[] };
  rating: boolean;
  form: { text: object; fields: object[] };
  [more: string]: unknown;
}

/** Changes the settings of a real server's site, as its administrator. */
export async function configure(
  { url, password }: Pick<Server, 'url' | 'password'>,
  change: (site: SiteSettings) => void,
): Promise<void> {
  const call = async (method: string, path: string, body?: object, token = '') => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const got = await fetch(`${url}/v1/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!got.ok) throw new Error(`${method} ${path}: ${got.status} ${await got.text()}`);
    return got.json() as Promise<{ token: string; sites: SiteSettings[] }>;
  };
  const { token } = await call('POST', 'login', { name: 'admin', password });
  const settings = await call('GET', 'settings', undefined, token);
  change(settings.sites[0]!);
  await call('PUT', 'settings', settings, token);
}

/** What is kept on a device, by site and user. */
export const accountOf = (site: string, user?: { token: string }) => `kefu/${site}/${subject(user?.token)}`;

/** Whose token it is, for the name of the store: what one user left must not be sent by the next one of the same phone. */
export function subject(jwt: string | undefined): string {
  try {
    const claims = jwt!.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    return `${JSON.parse(atob(claims)).sub}`;
  } catch {
    return jwt?.slice(-12) ?? '';
  }
}

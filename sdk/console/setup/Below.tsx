/** What stands below a field: what is wrong with it, or else what it is. */
export function Below({ id, hint, said: wrong }: { id: string; hint?: string | undefined; said: string }) {
  if (!hint && !wrong) return null;
  return (
    <p id={id} class={wrong ? 'hint setup-fault' : 'hint'}>
      {wrong || hint}
    </p>
  );
}

/** A list that is asked for every few seconds while its page is looked at. */
import { useEffect, useState } from 'preact/hooks';
import { codeOf } from '../api.ts';

/** The last answer, why there is none, and how to ask at once. */
export function useFresh<T>(ask: () => Promise<T>, every: number): { value?: T; code?: string; again: () => void } {
  const [state, setState] = useState<{ value?: T; code?: string }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let left = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        if (!document.hidden || turn) {
          const value = await ask();
          if (!left) setState({ value });
        }
      } catch (e) {
        if (!left) setState((old) => ({ ...old, code: codeOf(e) })); // what was there stays
      }
      if (!left) timer = setTimeout(look, every);
    };
    void look();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [turn]);
  return { ...state, again: () => setTurn((n) => n + 1) };
}

/** How a component finds the store. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Store } from './store.ts';

/** Carries the store from main.tsx to the components. */
export const StoreContext = createContext<Store | undefined>(undefined);

/** The store of the page. Only inside `StoreContext.Provider`. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error('no store');
  return store;
}

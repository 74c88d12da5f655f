/** How a component finds the store. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Alerts } from './alerts.ts';
import type { Store } from './store.ts';

/** Carries the store from main.tsx to the components. */
export const StoreContext = createContext<Store | undefined>(undefined);

/** The store of the page. Only inside `StoreContext.Provider`. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error('no store');
  return store;
}

/** Carries the alerts of the page to the components. */
export const AlertsContext = createContext<Alerts | undefined>(undefined);

/** The alerts of the page; nothing where there are none. */
export function useAlerts(): Alerts | undefined {
  return useContext(AlertsContext);
}

/** Who listens to what. `on` returns its own off. A listener that throws is reported to the page and disturbs nobody. */
export interface Emitter<Events> {
  on<K extends keyof Events>(type: K, f: (value: Events[K]) => void): () => void;
  emit<K extends keyof Events>(type: K, value: Events[K]): void;
}

export function createEmitter<Events>(): Emitter<Events> {
  const listeners: { [K in keyof Events]?: Set<(value: Events[K]) => void> } = {};
  return {
    on(type, f) {
      listeners[type] ??= new Set();
      listeners[type].add(f);
      return () => listeners[type]?.delete(f);
    },
    emit(type, value) {
      for (const f of listeners[type] ?? [])
        try {
          f(value);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
    },
  };
}

import { faultText } from './fault-notice.js';

/** A sentence that is shown for a moment: that something was done, or that it wasn't. */
export interface Toast {
  readonly id: number;
  readonly kind: 'done' | 'fault';
  readonly message: string;
}

const SHOWN_MS = { done: 5_000, fault: 10_000 };

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

/** Says for a moment that something was done. */
export function announce(message: string): void {
  show('done', message);
}

/** Says what went wrong with a change that has no form to say it in. */
export function announceFault(error: Error): void {
  show('fault', faultText(error));
}

export function dismissToast(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

/** For React's external store: the toasts of now, and news of them. */
export const currentToasts = (): readonly Toast[] => toasts;

export function onToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function show(kind: Toast['kind'], message: string): void {
  const toast = { id: ++lastId, kind, message };
  set([...toasts.filter((other) => other.message !== message), toast]);
  setTimeout(() => dismissToast(toast.id), SHOWN_MS[kind]);
}

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

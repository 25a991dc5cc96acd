import { useState } from 'react';
import { get, useForm, useWatch, type FieldPath, type UseFormReturn } from 'react-hook-form';
import { formFaults, type FormFault } from './form-rules.js';
import {
  inputOf,
  sameInput,
  valuesOf,
  EMPTY_VALUES,
  type SavedWebhook,
  type WebhookFormValues,
} from './form-values.js';

/** A fault that the API found in a value; it holds until that value changes. */
interface ServerFault extends FormFault {
  readonly value: unknown;
}

export interface WebhookForm {
  readonly form: UseFormReturn<WebhookFormValues>;
  readonly values: WebhookFormValues;
  readonly saved: SavedWebhook | null;
  /** Whether saving would send something else than what is saved. */
  readonly changed: boolean;
  readonly valid: boolean;
  /** The sentence to show at a field now, if any. */
  readonly faultAt: (path: string) => string | undefined;
  /** Shows all faults, and moves the focus to the first; true if there are none. */
  readonly insist: () => boolean;
  readonly showServerFaults: (faults: readonly FormFault[]) => void;
}

/** Values live in the form; everything else is derived from them at each keystroke, so nothing can be out of date. */
export function useWebhookForm(saved: SavedWebhook | null, typed?: WebhookFormValues): WebhookForm {
  const initial = saved === null ? EMPTY_VALUES : valuesOf(saved);
  const form = useForm<WebhookFormValues>({ defaultValues: typed ?? initial });
  const values = { ...(typed ?? initial), ...(useWatch({ control: form.control }) as WebhookFormValues) };
  const { touchedFields } = form.formState;
  const [insisted, setInsisted] = useState(false);
  const [serverFaults, setServerFaults] = useState<readonly ServerFault[]>([]);
  const faults = formFaults(values, saved);

  const shown = ({ kind, path }: FormFault): boolean =>
    kind === 'wrong' || insisted || get(touchedFields, path) !== undefined;
  return {
    form,
    values,
    saved,
    changed: !sameInput(inputOf(values, saved), inputOf(initial, saved)),
    valid: faults.length === 0,
    faultAt: (path) => {
      const own = faults.find((fault) => fault.path === path && shown(fault));
      return (own ?? serverFaults.find((fault) => fault.path === path && stillSame(fault, values)))?.message;
    },
    insist: () => {
      setInsisted(true);
      if (faults[0] !== undefined) focusOn(form, faults[0].path);
      return faults.length === 0;
    },
    showServerFaults: (found) => {
      setServerFaults(found.map((fault) => ({ ...fault, value: structuredClone<unknown>(get(values, fault.path)) })));
      if (found[0] !== undefined) focusOn(form, found[0].path);
    },
  };
}

export const EVENTS_FOCUS_ID = 'events-first';

function focusOn(form: UseFormReturn<WebhookFormValues>, path: string): void {
  if (path === 'events') document.getElementById(EVENTS_FOCUS_ID)?.focus();
  else form.setFocus(path as FieldPath<WebhookFormValues>);
}

function stillSame({ path, value }: ServerFault, values: WebhookFormValues): boolean {
  return JSON.stringify(get(values, path)) === JSON.stringify(value);
}

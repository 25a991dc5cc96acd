import { Button, Group, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { texts } from '../texts.js';
import { CopyButton } from './copy-button.js';
import { childPath, closedAtFirst, jsonNode, type JsonNode } from './json-node.js';
import classes from './json-view.module.css';

const OPEN_DEPTH = 4;
const OPEN_PARTS = 50;
const SHOWN_PARTS = 200;

type Branch = Extract<JsonNode, { parts: unknown }>;

interface Folding {
  readonly closed: ReadonlySet<string>;
  readonly toggle: (path: string) => void;
}

/** A JSON document, pretty-printed; each branch can be collapsed. Every text in it is text, never markup. */
export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }) {
  const [closed, setClosed] = useState(() => closedAtFirst(value, OPEN_DEPTH, OPEN_PARTS));
  const toggle = (path: string): void => {
    const next = new Set(closed);
    if (!next.delete(path)) next.add(path);
    setClosed(next);
  };
  return (
    <div>
      <Group gap={6} mb={8}>
        <CopyButton text={JSON.stringify(value, null, 2)} />
        <Button size="compact-xs" variant="default" onClick={() => setClosed(closedAtFirst(value, 0, 0))}>
          {texts.json.collapseAll}
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => setClosed(new Set())}>
          {texts.json.expandAll}
        </Button>
      </Group>
      <div className={classes.code} role="group" aria-label={label} tabIndex={0}>
        <Part path="" name={null} value={value} last folding={{ closed, toggle }} />
      </div>
    </div>
  );
}

interface PartProps {
  readonly path: string;
  readonly name: string | null;
  readonly value: unknown;
  readonly last: boolean;
  readonly folding: Folding;
}

function Part({ path, name, value, last, folding }: PartProps) {
  const node = jsonNode(value);
  if ('parts' in node && node.parts.length > 0)
    return <BranchPart path={path} name={name} node={node} last={last} folding={folding} />;
  const leaf = 'parts' in node ? { kind: 'empty', text: node.kind === 'array' ? '[]' : '{}' } : node;
  return (
    <div className={classes.line}>
      <Name name={name} />
      <span className={classes[leaf.kind]}>{leaf.text}</span>
      {!last && ','}
    </div>
  );
}

interface BranchPartProps extends Omit<PartProps, 'value'> {
  readonly node: Branch;
}

function BranchPart({ path, name, node, last, folding }: BranchPartProps) {
  const open = !folding.closed.has(path);
  const isArray = node.kind === 'array';
  const count = isArray ? texts.json.items(node.parts.length) : texts.json.keys(node.parts.length);
  const [begin, end] = isArray ? ['[', ']'] : ['{', '}'];
  const called = name ?? texts.json.root;
  return (
    <div>
      <div className={classes.line}>
        <UnstyledButton
          className={classes.toggle}
          aria-expanded={open}
          aria-label={open ? texts.json.close(called) : texts.json.open(called)}
          onClick={() => folding.toggle(path)}
        >
          {open ? <IconChevronDown size={14} stroke={2} /> : <IconChevronRight size={14} stroke={2} />}
        </UnstyledButton>
        <Name name={name} />
        {begin}
        {!open && (
          <>
            <span className={classes.count}> {count} </span>
            {end}
            {!last && ','}
          </>
        )}
      </div>
      {open && (
        <>
          <Parts path={path} node={node} folding={folding} />
          <div className={classes.line}>
            {end}
            {!last && ','}
          </div>
        </>
      )}
    </div>
  );
}

function Parts({ path, node, folding }: Pick<BranchPartProps, 'path' | 'node' | 'folding'>) {
  const [shown, setShown] = useState(SHOWN_PARTS);
  return (
    <div className={classes.parts}>
      {node.parts.slice(0, shown).map(([part, value], index) => (
        <Part
          key={part}
          path={childPath(path, part)}
          name={node.kind === 'array' ? null : part}
          value={value}
          last={index === node.parts.length - 1}
          folding={folding}
        />
      ))}
      {node.parts.length > shown && (
        <Button size="compact-xs" variant="subtle" onClick={() => setShown(shown + SHOWN_PARTS)}>
          {texts.json.more(node.parts.length - shown)}
        </Button>
      )}
    </div>
  );
}

function Name({ name }: { readonly name: string | null }) {
  if (name === null) return null;
  return (
    <>
      <span className={classes.name}>{JSON.stringify(name)}</span>
      {': '}
    </>
  );
}

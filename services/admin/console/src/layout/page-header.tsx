import { Group, Text, Title } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from 'react-router';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import classes from './page-header.module.css';

export interface Crumb {
  readonly label: string;
  readonly to?: string;
}

/** Where "v2" stands; the page's own crumbs follow. */
export const WEBHOOKS_CRUMBS: readonly Crumb[] = [
  { label: texts.panel.webhooks },
  { label: texts.panel.version, to: paths.list },
];

interface PageHeaderProps {
  readonly title: ReactNode;
  /** For the window's title, where `title` is more than text. */
  readonly name?: string;
  readonly lead?: ReactNode;
  readonly crumbs: readonly Crumb[];
  readonly actions?: ReactNode;
}

let firstPage = true;

/** Crumbs, title and actions. The title takes the focus when the page changes, so that screen readers say it. */
export function PageHeader({ title, name, lead, crumbs, actions }: PageHeaderProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!firstPage) heading.current?.focus({ preventScroll: true });
    firstPage = false;
  }, []);
  return (
    <header className={classes.root}>
      <title>{texts.panel.title(name ?? (typeof title === 'string' ? title : texts.panel.webhooks))}</title>
      <Crumbs crumbs={[{ label: texts.panel.name }, { label: texts.panel.section }, ...crumbs]} />
      <Group justify="space-between" align="flex-start" gap="md" className={classes.line}>
        <div className={classes.words}>
          <Title order={1} ref={heading} tabIndex={-1} className={classes.title}>
            {title}
          </Title>
          {lead !== undefined && (
            <Text c="dimmed" size="sm" mt={4} component="div">
              {lead}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
    </header>
  );
}

function Crumbs({ crumbs }: { readonly crumbs: readonly Crumb[] }) {
  return (
    <nav aria-label={texts.panel.breadcrumb}>
      <ol className={classes.crumbs}>
        {crumbs.map(({ label, to }, index) => {
          const last = index === crumbs.length - 1;
          return (
            <li key={`${index} ${label}`}>
              {index > 0 && <IconChevronRight size={14} stroke={1.6} aria-hidden="true" />}
              {to === undefined || last ? (
                <span aria-current={last ? 'page' : undefined}>{label}</span>
              ) : (
                <Link to={to}>{label}</Link>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

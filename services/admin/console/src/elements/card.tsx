import { Paper, Title, type PaperProps } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './card.module.css';

interface CardProps extends PaperProps {
  readonly title?: string;
  readonly lead?: ReactNode;
  readonly aside?: ReactNode;
  readonly flush?: boolean;
  readonly children: ReactNode;
}

/** A surface with an optional heading; `flush` lets its content reach the edges. */
export function Card({ title, lead, aside, flush = false, children, ...rest }: CardProps) {
  return (
    <Paper {...rest} component="section" className={classes.card} aria-label={title}>
      {title !== undefined && (
        <div className={classes.head}>
          <div>
            <Title order={2} className={classes.title}>
              {title}
            </Title>
            {lead !== undefined && <div className={classes.lead}>{lead}</div>}
          </div>
          {aside}
        </div>
      )}
      <div className={flush ? undefined : classes.body}>{children}</div>
    </Paper>
  );
}

import { Drawer, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import type { FailureDetail } from '../../../contract/failure.js';
import { failureQuery } from '../api/failures.js';
import { PageLoading } from '../elements/page-loading.js';
import { FaultNotice, faultText } from '../elements/fault-notice.js';
import { ApiProblem } from '../api/http.js';
import { RequestView, ResponseView, StatusCode } from '../elements/http-message.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import { AttemptFacts } from './attempt-facts.js';
import classes from './inspect.module.css';
import { Timeline } from './timeline.js';

/** One failed attempt over the list, at an address of its own: Back closes it, a link opens it. */
export function Inspect() {
  const { webhookId = '', attemptId = '' } = useParams();
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(failureQuery(webhookId, attemptId));
  const close = (): void => {
    void navigate({ pathname: paths.failures(webhookId), search: search.toString() }, { preventScrollReset: true });
  };
  const missing = error instanceof ApiProblem && error.status === 404;
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={720}
      title={texts.inspect.title}
      closeButtonProps={{ 'aria-label': texts.inspect.close }}
      transitionProps={{ transition: 'slide-left', duration: 150 }}
    >
      {data === undefined && error === null && <PageLoading />}
      {data === undefined && error !== null && (
        <FaultNotice
          error={error}
          text={missing ? texts.errors.notFoundFailure : faultText(error)}
          onRetry={() => void refetch()}
        />
      )}
      {data !== undefined && <Detail webhookId={webhookId} failure={data} search={search} />}
    </Drawer>
  );
}

interface DetailProps {
  readonly webhookId: string;
  readonly failure: FailureDetail;
  readonly search: URLSearchParams;
}

function Detail({ webhookId, failure, search }: DetailProps) {
  return (
    <>
      <div className={classes.cause}>
        <StatusCode status={failure.status} />
        <p>{failure.cause.text}</p>
      </div>
      <AttemptFacts failure={failure} />
      <Timeline webhookId={webhookId} failure={failure} search={search} />
      <Tabs defaultValue="request" mt="lg" key={failure.id}>
        <Tabs.List>
          <Tabs.Tab value="request">{texts.inspect.request}</Tabs.Tab>
          <Tabs.Tab value="response">{texts.inspect.response}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="request">
          <RequestView request={failure.request} />
        </Tabs.Panel>
        <Tabs.Panel value="response">
          <ResponseView response={failure.response} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

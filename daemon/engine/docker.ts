import { companyVerbs } from './company.ts';
import { commitVerbs } from './commits.ts';
import { connect } from './connection.ts';
import { containerVerbs } from './containers.ts';
import { execVerbs } from './exec-session.ts';
import { labels, type Engine } from './engine.ts';
import { imageVerbs } from './images.ts';
import { engineEpoch, engineInfo } from './info.ts';
import { runToEnd } from './run-to-end.ts';
import { statsVerb } from './stats.ts';
import { streamVerbs } from './streams.ts';
import { volumeVerbs } from './volumes.ts';
import { watchVerb } from './watch.ts';

export { findEndpoint } from './endpoint.ts';

/**
 * A Docker Engine (20.10 or newer). `endpoint` is `unix://PATH` or `tcp://HOST:PORT`; another kind throws EngineError `other`. Everything
 * made through it carries the installation's label. Nothing is sent before the first call.
 */
export function createDockerEngine(options: { endpoint: string; installation: string }): Engine {
  const connection = connect(options.endpoint);
  const containers = containerVerbs(connection);
  const streams = streamVerbs(connection);
  const create: Engine['create'] = (spec) =>
    containers.create({ ...spec, labels: { ...spec.labels, [labels.installation]: options.installation } });
  return {
    endpoint: options.endpoint,
    info: () => engineInfo(connection),
    epoch: () => engineEpoch(connection),
    ...imageVerbs(connection),
    ...commitVerbs(connection),
    ...containers,
    create,
    ...streams,
    ...execVerbs(connection),
    ...companyVerbs(connection),
    stats: statsVerb(connection),
    ...volumeVerbs(connection),
    runToEnd: (spec, timeoutMs) => runToEnd({ ...containers, ...streams, create }, spec, timeoutMs),
    watch: watchVerb(connection),
  };
}

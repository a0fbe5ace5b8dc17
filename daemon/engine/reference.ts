/** An image reference taken apart as the engine reads it: `python` is `docker.io/library/python:latest`. `tag` is a tag or a digest. */
export function parseReference(reference: string): { registry: string; repository: string; tag: string } {
  const at = reference.indexOf('@');
  const beforeDigest = at < 0 ? reference : reference.slice(0, at);
  const colon = beforeDigest.lastIndexOf(':');
  const hasTag = colon > beforeDigest.lastIndexOf('/');
  const repository = hasTag ? beforeDigest.slice(0, colon) : beforeDigest;
  const tag = at >= 0 ? reference.slice(at + 1) : hasTag ? beforeDigest.slice(colon + 1) : 'latest';
  const first = repository.slice(0, Math.max(0, repository.indexOf('/')));
  // only a first part with a dot or a port is a host; anything else is a user of the default registry
  const registry = /[.:]/.test(first) || first === 'localhost' ? first : 'docker.io';
  return { registry, repository, tag };
}

import { EngineError, type EngineErrorKind } from './engine.ts';
import { messageOf } from '../../shared/result.ts';

/** What Node says when nobody answers. A reset or a closed pipe is the same: what became of the request is unknown. */
const noAnswer = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
]);

/**
 * Anything thrown while speaking to the engine, as an EngineError. Where the caller's signal ended it, the signal's reason instead (by itself an
 * AbortError): that is no answer of the engine, whatever the broken connection looks like.
 */
export function toEngineError(error: unknown, endpoint: string, signal?: AbortSignal): Error {
  if (signal?.aborted) return signal.reason instanceof Error ? signal.reason : new DOMException('aborted by the caller', 'AbortError');
  if (error instanceof EngineError) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (statusCode !== undefined) {
    const said = messageOf(error);
    return new EngineError(kindOf(statusCode, said), said);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new EngineError(
      'denied',
      `no permission to use the Docker Engine at ${endpoint}: add the user to the group docker ` +
        '(sudo usermod -aG docker $USER) and log in again',
    );
  }
  if (code !== undefined && noAnswer.has(code)) {
    return new EngineError('unreachable', `the Docker Engine at ${endpoint} does not answer (${messageOf(error) || code})`);
  }
  return new EngineError('other', messageOf(error));
}

/** What kind of refusal the engine's sentence is; its status alone does not tell a full disk from a bad mount. */
export function kindOf(status: number | null, said: string): EngineErrorKind {
  if (/no space left on device|disk quota exceeded/i.test(said)) return 'no_space';
  if (/failed to mount|error while mounting volume|error mounting|bind source path does not exist|invalid mount|mount denied/i.test(said))
    return 'mount';
  if (status === 401 || status === 403) return 'denied';
  if (/unauthorized|access denied|no basic auth credentials|authentication required|access to the resource is denied/i.test(said))
    return 'denied';
  // somebody is removing the container: it is as good as gone
  if (status === 404 || /marked for removal/i.test(said)) return 'not_found';
  if (/manifest unknown|manifest for \S+ not found|no such image|name unknown|repository name not known/i.test(said)) return 'not_found';
  // a create that met a container of its name which was removed that very moment (28.5): it is taken and nobody has it
  if (status === 409 || /name is not reserved/i.test(said)) return 'conflict';
  return 'other';
}

/** The endpoint at which VS Code looks for containers by itself. */
const usualEndpoint = 'unix:///var/run/docker.sock';

/**
 * What desktop VS Code opens with its Dev Containers extension, attached to a running container. The authority is the one that the extension itself writes into VS
 * Code's list of recent folders for "Attach to Running Container": the hex of a JSON that names the container as Docker does, with a slash, and the engine where
 * it is not the usual one (microsoft/vscode-remote-release, issues 5278 and 8764).
 */
export function vscodeLink(container: string, endpoint: string, folder = '/workflow'): string {
  const settings = endpoint === usualEndpoint ? {} : { settings: { host: endpoint } };
  const authority = Buffer.from(JSON.stringify({ containerName: `/${container}`, ...settings })).toString('hex');
  return `vscode://vscode-remote/attached-container+${authority}${folder}?windowId=_blank`;
}

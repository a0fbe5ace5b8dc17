/** The proxy of the environment for a URL, as curl and most programs read it; null: none, or `NO_PROXY` names the host. */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | null {
  const value = (name: string): string | undefined => env[name.toLowerCase()] || env[name];
  if (exempt(url, value('NO_PROXY') ?? '')) return null;
  const text = (url.protocol === 'https:' ? value('HTTPS_PROXY') : value('HTTP_PROXY')) ?? value('ALL_PROXY');
  if (text === undefined) return null;
  const whole = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(whole) && /^https?:/.test(whole) ? new URL(whole) : null;
}

/** `NO_PROXY`: hosts, and domains with all that is below them, with or without a dot before them and a port behind them; `*`: all. */
function exempt({ hostname, port, protocol }: URL, list: string): boolean {
  const own = port || (protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      const domain = name.replace(/^\*?\./, '');
      return (only === undefined || only === own) && (hostname === domain || hostname.endsWith(`.${domain}`));
    });
}

/** The way out for containers of an engine whose network leads nowhere else: a proxy on this machine, which counts what goes through. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { engineJson } from '../support/engine-api.ts';

export interface Proxy {
  /** for HTTPS_PROXY in containers of the engine */
  url: string;
  /** hosts that were asked for, in order */
  asked: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one that containers on the engine's bridge reach. TLS only (CONNECT). */
export async function startProxy(engine: string): Promise<Proxy> {
  const { IPAM } = await engineJson<{ IPAM: { Config: { Gateway?: string; Subnet: string }[] } }>(engine, '/networks/bridge');
  const [network] = IPAM.Config;
  const gateway = network?.Gateway ?? network?.Subnet.replace(/\d+\/\d+$/, '1');
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const keep = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket)) as S;
  };
  const server = createServer((_, answer) => answer.writeHead(405).end());
  server.on('connection', keep);
  server.on('connect', ({ url = '' }, client: Socket, head: Buffer) => {
    const [host, port] = url.split(':');
    asked.push(host!);
    const onward = keep(connect(Number(port), host));
    onward.on('connect', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      client.pipe(onward).pipe(client);
    });
    onward.on('close', () => client.destroy());
    client.on('close', () => onward.destroy());
  });
  await once(server.listen(0, gateway), 'listening');
  return {
    url: `http://${gateway}:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** What a client is told of the gateway, ready to paste, and where. */
export interface ClientConfiguration {
  readonly name: string;
  readonly where: string;
  readonly text: string;
}

interface Connection {
  readonly origin: string;
  readonly label: string;
  readonly token: string;
}

/** The configuration of each common client for one grant, over all of its servers. */
export function configurations({
  origin,
  label,
  token,
}: Connection): readonly ClientConfiguration[] {
  const url = `${origin}/mcp`;
  const headers = { Authorization: `Bearer ${token}` };
  const name = `portcullis-${label}`;
  const json = (value: unknown): string => JSON.stringify(value, null, 2);
  return [
    {
      name: 'Claude Code',
      where: 'Run it in a terminal.',
      text: `claude mcp add --transport http ${name} ${url} --header "Authorization: Bearer ${token}"`,
    },
    {
      name: 'Cursor',
      where: 'In ~/.cursor/mcp.json, or .cursor/mcp.json of a project.',
      text: json({ mcpServers: { [name]: { url, headers } } }),
    },
    {
      name: 'VS Code',
      where: 'In .vscode/mcp.json of a workspace.',
      text: json({ servers: { [name]: { type: 'http', url, headers } } }),
    },
    {
      name: 'Codex',
      where: 'In ~/.codex/config.toml.',
      text: `[mcp_servers.${name}]\nurl = "${url}"\nhttp_headers = { "Authorization" = "Bearer ${token}" }\n`,
    },
    {
      name: 'Any client',
      where: 'The form that most clients read.',
      text: json({ mcpServers: { [name]: { type: 'http', url, headers } } }),
    },
  ];
}

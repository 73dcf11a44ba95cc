import type { ClientServer } from './client.ts';

/** A configuration in a client's own form, comments included, and what stands in it. */
export interface Sample {
  readonly text: string;
  readonly servers: readonly (readonly [string, ClientServer['entry']])[];
}

const files: ClientServer['entry'] = {
  transport: 'stdio',
  command: 'npx',
  args: ['-y', 'files-server', '/home/u/notes'],
  env: { LEVEL: 'info' },
  cwd: null,
};
const remote: ClientServer['entry'] = {
  transport: 'http',
  url: 'https://mcp.example.com/mcp',
  headers: { 'X-Team': 'blue' },
};

/** One for each client, for tests: both kinds of servers, with what clients allow around them. */
export const samples: Readonly<Record<string, Sample>> = {
  'claude-desktop': {
    text: `{
  "mcpServers": {
    "files": { "command": "npx", "args": ["-y", "files-server", "/home/u/notes"], "env": { "LEVEL": "info" } }
  },
  "globalShortcut": ""
}
`,
    servers: [['files', files]],
  },
  'claude-code': {
    text: `{
\t"numStartups": 12,
\t"mcpServers": {
\t\t"files": {
\t\t\t"type": "stdio",
\t\t\t"command": "npx",
\t\t\t"args": ["-y", "files-server", "/home/u/notes"],
\t\t\t"env": { "LEVEL": "info" }
\t\t}
\t},
\t"projects": {
\t\t"/work/p": {
\t\t\t"mcpServers": {
\t\t\t\t"remote": { "type": "http", "url": "https://mcp.example.com/mcp", "headers": { "X-Team": "blue" } }
\t\t\t}
\t\t},
\t\t"/work/q": { "allowedTools": [] }
\t}
}`,
    servers: [
      ['files', files],
      ['remote', remote],
    ],
  },
  cursor: {
    text: `{"mcpServers":{"files":{"command":"npx","args":["-y","files-server","/home/u/notes"],"env":{"LEVEL":"info"}},"remote":{"url":"https://mcp.example.com/mcp","headers":{"X-Team":"blue"}}}}`,
    servers: [
      ['files', files],
      ['remote', remote],
    ],
  },
  'vs-code': {
    text: `{
  // Asked for when a server starts.
  "inputs": [{ "type": "promptString", "id": "key", "password": true }],
  "servers": {
    "files": {
      "type": "stdio",
      "command": "npx", /* pinned elsewhere */
      "args": ["-y", "files-server", "/home/u/notes"],
      "env": { "LEVEL": "info" },
    },
    "remote": { "type": "http", "url": "https://mcp.example.com/mcp", "headers": { "X-Team": "blue" } },
  },
}
`,
    servers: [
      ['files', files],
      ['remote', remote],
    ],
  },
  windsurf: {
    text: `{
    "mcpServers": {
        "remote": { "serverUrl": "https://mcp.example.com/mcp", "headers": { "X-Team": "blue" } },
        "files": {
            "command": "npx",
            "args": ["-y", "files-server", "/home/u/notes"],
            "env": { "LEVEL": "info" },
            "disabled": false
        }
    }
}\r\n`,
    servers: [
      ['remote', remote],
      ['files', files],
    ],
  },
  codex: {
    text: `model = "o4" # the default

[mcp_servers.files] # notes
command = "npx"
args = [
  "-y", # no questions
  "files-server",
  '/home/u/notes',
]
startup_timeout_sec = 20

[mcp_servers.files.env]
LEVEL = "info"

# Over the network.
[mcp_servers.remote]
url = "https://mcp.example.com/mcp"
http_headers = { "X-Team" = "blue" }

[profiles.fast]
model = "o4-mini"
`,
    servers: [
      ['files', files],
      ['remote', remote],
    ],
  },
  'gemini-cli': {
    text: `{
  "theme": "GitHub",
  "mcpServers": {
    "files": { "command": "npx", "args": ["-y", "files-server", "/home/u/notes"], "env": { "LEVEL": "info" }, "trust": false },
    "remote": { "httpUrl": "https://mcp.example.com/mcp", "headers": { "X-Team": "blue" } }
  }
}
`,
    servers: [
      ['files', files],
      ['remote', remote],
    ],
  },
  zed: {
    text: `// Zed settings
{
  "theme": "One Dark",
  "context_servers": {
    "files": {
      "source": "custom",
      "command": { "path": "npx", "args": ["-y", "files-server", "/home/u/notes"], "env": { "LEVEL": "info" } },
    },
    "remote": { "url": "https://mcp.example.com/mcp", "headers": { "X-Team": "blue" } },
  },
}
`,
    servers: [
      ['files', files],
      ['remote', remote],
    ],
  },
};

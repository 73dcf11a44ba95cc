import { words } from './lexicon.ts';

/** Things that money is owed or moved by: with a verb that makes or sends them, Financial. */
export const debts: ReadonlySet<string> = new Set(
  words(`invoice payment payout refund charge billing checkout purchase withdrawal payroll
    wire remittance reimbursement installment prepayment chargeback dispute settlement mandate
    escrow paylink credit disbursement donation fund`),
);

/** Debts only where the server deals in money: elsewhere a subscription is to a feed or a topic. */
export const debtsAmongMoney: ReadonlySet<string> = new Set(
  words('subscription deposit loan transfer balance tip expense bill swap trade stake bet'),
);

/** What is sent or moved when it is money itself. */
export const currencies: ReadonlySet<string> = new Set(
  words(`money fund funds cash payment crypto cryptocurrency sol eth btc bitcoin ether
    ethereum usdc usdt sats satoshi satoshis lamports lightning erc20 erc721 erc1155 nft
    stablecoin erc sui mist avax pol atom egld ltc bch tron trc20 bep20 xrp bnb matic lovelace hbar doge currency usd dollar dollars euro euros coin
    coins token tokens transaction amount near apt trx ton native asset assets balance tez xtz
    ada dot`),
);

/** Words that show a server or a tool to deal in crypto-currency. */
export const cryptoWords: ReadonlySet<string> = new Set(
  words(`blockchain onchain solana ethereum bitcoin wallet evm defi dex nft erc20 erc721 usdc
    usdt sats lightning web3 crypto cryptocurrency token spl perp perpetual perpetuals liquidity
    amm starknet sui aptos near polygon arbitrum lamports staking validator swap bridge uniswap
    jupiter hyperliquid binance coinbase kraken bybit chain sol eth btc gas contract mint holder`),
);

/** Words of which one is enough to show it. */
export const cryptoNames: ReadonlySet<string> = new Set(
  words(`erc blockchain onchain solana ethereum bitcoin evm defi dex nft erc20 erc721 usdc usdt
    sats lightning web3 crypto cryptocurrency spl starknet sui aptos arbitrum lamports uniswap
    jupiter hyperliquid binance coinbase kraken bybit sol eth btc swap`),
);

/** Words that show a server or a tool to deal in money. */
export const moneyWords: ReadonlySet<string> = new Set(
  words(`invoice payment refund payout billing subscription charge price pricing paypal
    stripe customer order merchant square dispute transaction bank ledger card fee plan discount
    coupon paddle razorpay mollie adyen xero quickbooks chargebee paystack
    flutterwave mercadopago lemonsqueezy gumroad recurly braintree klarna`),
);

/** Words that show a trade: an order among them is an order to buy or sell. */
export const tradeWords: ReadonlySet<string> = new Set(
  words(`stock stocks option options limit market trade trading trader broker brokerage
    position positions shares equity equities futures perp perpetual portfolio leverage crypto
    exchange buy sell symbol stop trailing twap dca token spot margin forex paper alpaca binance`),
);

/** Words of a server's name of which one shows that its orders are orders to buy or sell. */
export const tradeNames: ReadonlySet<string> = new Set(
  words(`trading trader broker brokerage futures alpaca binance kraken bybit coinbase hyperliquid
    ccxt robinhood schwab zerodha groww tradovate okx bitget kucoin bitfinex bithumb upbit deribit
    paradex dydx`),
);

/** Words that show that a booking or an order costs something. */
export const priceWords: ReadonlySet<string> = new Set(
  words(`price prices pricing payment payments pay paid payable charge charged charges fee
    fees checkout usdc usd purchase card deposit billing refundable amount prepaid paying`),
);

/** What people are reached by. */
export const messageWords: ReadonlySet<string> = new Set(
  words(`message messages email emails mail sms dm dms chat tweet tweets post reply whatsapp
    slack telegram discord notification notifications inquiry invitation invite invites
    newsletter announcement comment thread channel inbox letter fax call reminder voicemail
    recipient recipients followup outreach`),
);

/** Words for a browser or a user interface, in which to click is to act. */
export const browserWords: ReadonlySet<string> = new Set(
  words(`browser page tab element selector viewport mouse keyboard cursor dialog dom webpage
    puppeteer playwright selenium chrome chromium firefox dropdown checkbox button key keys
    screen window touch android ui gui coordinates clickable webdriver desktop applescript
    iframe`),
);

/** Words for a machine in the world, or one that is played with: to set it is to drive it. */
export const deviceWords: ReadonlySet<string> = new Set(
  words(`device devices light lights lamp bulb thermostat robot drone motor servo printer
    speaker speakers volume camera vacuum blinds garage relay gpio playback player television
    fan heater microphone appliance brightness climate`),
);

/** What takes free text that a database runs. */
export const databaseWords: ReadonlySet<string> = new Set(
  words(`sql database databases db query queries statement statements postgres postgresql
    mysql sqlite mssql mariadb oracle snowflake bigquery redshift clickhouse duckdb d1 cypher
    neo4j mongodb mongo surrealdb cockroachdb tidb dolt soql gremlin sparql warehouse sqlserver
    supabase athena trino presto databend kql`),
);

/** Nouns that make of the word before them a thing: "order history", "test results". */
export const tailNouns: ReadonlySet<string> = new Set(
  words(`history status info information details detail result results stats statistics
    summary count counts total metrics metadata logs list overview health analytics performance
    report reports latest top progress usage activity feed transcript type types holders`),
);

/** Data that a query reads without a database language's power to change it. */
export const readableWords: ReadonlySet<string> = new Set(
  words(`api metric metrics log logs trace traces documentation docs doc knowledge index
    vector graphql observability analytics telemetry status history record list catalog registry
    model memory collection embeddings insight insights schema`),
);

/** Work that ends in an answer: run, performed or made, it changes nothing. */
export const inertNouns: ReadonlySet<string> = new Set(
  words(`search searches searching scanning monitoring lookup analysis analyses audit check
    checks scan lint linter linting eslint validation verification comparison calculation
    calculations assessment diagnostic diagnostics diagnosis simulation evaluation estimation
    inspection review query-plan preview dryrun similarity conversion translation summary
    research retrieval forecast prediction detection classification healthcheck aggregation
    statistics regression computation probe backtest arithmetic operations-research inference
    ocr typecheck tsc mypy flake8 ruff pylint biome prettier clippy calculus reverse-lookup read
    scanner screening projection whois traceroute dig calculator ping geocoding count explain
    thinking reasoning correlation benchmark scoring reads test-plan math roll report reports`),
);

/** Nouns that are the answer itself: a generator or maker of these stores nothing. */
export const derivedNouns: ReadonlySet<string> = new Set(
  words(`summary summaries insight insights statistic statistics hash uuid password qr
    explanation recommendation recommendations suggestion suggestions embedding embeddings
    signature diff forecast prediction analysis overview quote estimate number numbers metric
    metrics random checksum digest comparison guid passphrase slug answer question
    questions query prompt guide guidance tree hint feedback idea ideas lorem timestamp id ids
    reasoning plan strategy thought thoughts identifier analytics preview score recap sitemap transcript changelog interpretation outline research solution solutions
    ulid nanoid`),
);

/** Words that show a server made to probe other people's machines: its scans act on them. */
export const offensiveWords: ReadonlySet<string> = new Set(
  words(`nmap kali metasploit pentest pentesting hydra sqlmap nikto gobuster recon masscan
    burp exploit offensive redteam wifi aircrack`),
);

/** Nouns for what does whatever it is told. */
export const executorNouns: ReadonlySet<string> = new Set(
  words(`agent automation runner executor shell terminal repl sandbox interpreter cli bash
    python sql esql cypher action actions command operation nikto sqlmap nmap hydra gobuster
    metasploit curl cmd powershell exec js javascript`),
);

/** Command-line programs that build, deploy or run: a tool of that name starts the program. */
export const programs: ReadonlySet<string> = new Set(
  words(`kubectl helm docker podman terraform pulumi ansible gcloud ssh adb psql tsc esbuild
    webpack vite rollup turbo nx lerna npm npx yarn pnpm pip cargo gradle maven mvn make cmake
    bazel meson ffmpeg pytest jest vitest mocha cypress xcodebuild fastlane vercel wrangler`),
);

/** Nouns at the end of a name without a verb: what the tool gives back. */
export const dataNouns: ReadonlySet<string> = new Set(
  words(`info information details detail status history stats statistics summary list
    overview metrics results result data metadata documentation docs help guide reference
    version health healthcheck usage analytics insights forecast weather news price prices pricing quote quotes rate rates seed tip tips revenue sales income rankings ranking leaderboard balance balances profile schema count total totals
    top latest recent trending logs messages whoami sitemap examples example similarity lookup
    finder feed catalog directory report reports score calendar facts definition definitions
    types models capabilities categories holdings chart charts holders volume trades
    transactions log tree search snapshot console requests intel intelligence timeline contents
    diff recommendations suggestions advisor analysis analyzer checker calculator validator
    inspector explorer viewer reader summarizer converter parser extractor detector monitor
    tracker searcher retriever comparer comparison estimate estimator verifier preview keys
    values pods nodes headlines orders positions articles papers standings scores odds matches availability
    capacity audit compliance risk sentiment signals signal distribution structure dependencies
    factorial fibonacci sin cos tan asin acos atan sqrt gcd lcm mean median variance derivative
    integral determinant permutation permutations interest
    trends similar related nearby popular upcoming outdated unused missing pending available diagnostics checks photos images earnings
    timestamp date time datetime timezone fundamentals location directions indicators ratios financials dividends filings`),
);

/** Nouns that are an action: "creation", "the execution of". */
export const actionNouns: ReadonlyMap<string, string> = new Map(
  words(`creation:create addition:add insertion:insert modification:modify update:update
    updates:update deletion:delete removal:remove execution:execute automation:automate
    deployment:deploy installation:install extraction:extract retrieval:get lookup:lookup
    search:search searching:search analysis:analyze calculation:calculate conversion:convert
    validation:validate verification:verify generation:generate management:manage
    administration:manage configuration:configure translation:translate summarization:summarize
    detection:detect comparison:compare monitoring:monitor inspection:inspect discovery:discover
    transcription:transcribe scraping:scrape crawling:scrape querying:query browsing:browse
    evaluation:evaluate simulation:simulate registration:register authentication:authenticate
    submission:submit publication:publish editing:edit manipulation:modify invocation:invoke
    orchestration:orchestrate navigation:navigate booking:book transfer:transfer
    purchase:purchase payment:pay withdrawal:withdraw upload:upload download:download
    export:export import:import migration:migrate diagnosis:diagnose calculator:calculate
    checker:check validator:validate analyzer:analyze finder:find converter:convert
    generator:generate parser:parse synthesis:generate listing:list tracking:track
    reporting:report recognition:detect classification:classify formatting:format
    visualization:visualize exploration:explore swap:swap cleanup:cleanup exploitation:exploit
    estimation:estimate estimator:estimate verifier:verify assessment:assess thinking:think
    reasoning:reason refactoring:refactor crawler:scrape scraper:scrape playback:play
    login:login logout:logout signup:signup screening:check forecasting:forecast analyser:analyze optimizer:optimize optimiser:optimize
    fixer:fix builder:build manager:manage downloader:download uploader:upload editor:edit
    writer:write creator:create sender:send planner:plan simulator:simulate scheduler:schedule
    translator:translate counter:count formatter:format fetcher:get executor:execute
    summarizer:summarize enhancement:enhance optimization:optimize prediction:predict
    recommendation:recommend categorization:classify aggregation:aggregate
    interpretation:interpret enrichment:enrich measurement:measure replacement:replace aggregator:aggregate comparator:compare
    resolver:resolve decoder:decode encoder:encode locator:locate recommender:recommend
    classifier:classify`)
    .map((pair) => pair.split(':'))
    .flatMap(([noun, verb]) => (noun === undefined || verb === undefined ? [] : [[noun, verb]])),
);

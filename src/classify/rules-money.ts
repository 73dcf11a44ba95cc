import { concerns } from './act.ts';
import type { Act } from './act.ts';
import type { Context } from './context.ts';
import { moneyVerbs } from './lexicon.ts';
import { currencies, debts, debtsAmongMoney } from './nouns.ts';
import { rule, setOf } from './sense-rule.ts';
import type { SenseRule } from './sense-rule.ts';

// What is written about money moves none.
const paperwork =
  setOf(`comment note settings setting template tag label webhook category field view
      report draft filter method attachment qr code preview customer address endpoint log test
      form analytics dashboard file pdf receipt metadata rule event contact profile integration
      provider schema table count option offer information info status detail term reason
      widget button page snippet account timesheet employee calendar branch commit repository`);
const feeds = setOf(
  'notification notifications webhook webhooks event events topic topics feed push',
);
const coins = setOf(
  `money fund funds cash payment crypto cryptocurrency sol eth btc bitcoin ether usdc usdt sats satoshis lamports erc20 nft fungible xrp bnb matic usd dollars euros`,
);
const bookings = 'book reserve order checkout rent hire';
const orders = setOf('order orders trade position positions limit market');
const notTokens = setOf('face faces index indexes test data');
// Words for nothing but money that is put up.
const pledged = setOf('liquidity collateral');
// "Send tokens to another account".
const toPayee =
  /\b(?:tokens?|coins?|amount) to (?:an?|another|the|multiple) (?:[\w-]+ )?(?:account|wallet|address|recipient)/i;
const tokens = setOf('token tokens coin coins');
const watching = setOf('watchlist alert');

function movesMoney(act: Act, context: Context): boolean {
  if (concerns(act, paperwork)) return false;
  if (concerns(act, debts) && !(act.head === 'fund' && !context.money)) return true;
  if (concerns(act, feeds)) return false;
  return (context.money || context.crypto) && concerns(act, debtsAmongMoney);
}

function sendsCurrency(act: Act, context: Context): boolean {
  if (context.pays && act.verb !== 'submit') return true;
  if (act.verb === 'transfer' && concerns(act, tokens)) return true;
  if (!concerns(act, currencies)) return act.objects.size === 0 && paysInCrypto(act, context);
  if (context.crypto || context.money || concerns(act, coins)) return true;
  return toPayee.test(context.description.slice(act.end, act.end + 80));
}

function paysInCrypto(act: Act, context: Context): boolean {
  return context.crypto && (context.money || act.verb === 'transfer');
}

// "open orders" are orders that are open.
function isTradeOrder(act: Act, context: Context): boolean {
  const listed = act.objects.has('orders') || act.objects.has('positions');
  if (act.verb === 'open' && listed) return false;
  return (context.trade || context.crypto) && concerns(act, orders) && !concerns(act, watching);
}

/** Rules for what moves money or commits to pay, and for what is booked or cancelled. */
export const moneyRules: readonly SenseRule[] = [
  rule('trade-order', ['Financial', 1], {
    verbs: `place create submit make open close execute modify replace exercise update add
      send order enter exit perform increase reduce`,
    when: isTradeOrder,
  }),
  rule('trades-tokens', ['Financial', 0.9], {
    verbs:
      'tokenize swap bridge stake unstake delegate undelegate redelegate trade mint lend borrow supply',
    when: (act, context) => context.crypto && !concerns(act, notTokens),
  }),
  rule('claims-reward', ['Financial', 0.9], {
    verbs: 'claim collect harvest',
    objects: 'reward rewards commission yield fees airdrop interest',
    when: (_, context) => context.crypto || context.money,
  }),
  rule('places-bet', ['Financial', 0.95], {
    verbs: 'place make submit',
    objects: 'bet bets wager wagers bid bids',
  }),
  rule('liquidity', ['Financial', 0.95], {
    verbs: 'add remove provide supply increase decrease lock',
    objects: 'liquidity collateral margin stake lp',
    when: (act, context) => context.crypto || context.trade || concerns(act, pledged),
  }),
  rule('lets-spend', ['Financial', 0.95], {
    verbs: 'approve grant set increase permit allow authorize',
    objects: 'spender spending allowance allowances erc20',
    when: (_, context) => context.crypto,
  }),
  rule('withdraws-statement', ['Destructive', 1], {
    verbs: 'withdraw',
    objects: `contract application consent request submission proposal offer document nomination
      invitation invite claim`,
    when: (act, context) => !context.crypto && !concerns(act, coins),
  }),
  rule('sends-money', ['Financial', 0.95], {
    verbs: `send transfer move broadcast sign submit deposit approve claim wrap unwrap supply
      redeem withdraw exchange airdrop mint`,
    when: sendsCurrency,
  }),
  rule('debt', ['Financial', 1], { verbs: moneyVerbs, when: movesMoney }),
  rule('cancel-debt', ['Financial', 1], {
    verbs: 'cancel terminate end stop suspend',
    when: movesMoney,
  }),
  rule('cancel-work', ['Execute', 1], {
    verbs: 'cancel',
    objects: `run query job task execution workflow build pipeline operation process request
      crawl scan research training deployment prediction generation batch action`,
    when: (act) => !act.objects.has('order'),
  }),
  rule('cancel-plan', ['Write', 1], {
    verbs: 'cancel',
    objects: `downtime silence maintenance reminder event alarm meeting schedule scheduled timer
      notification invite invitation follow upload edit`,
  }),
  rule('cancel-agreement', ['Destructive', 1], {
    verbs: 'cancel',
    objects: `order subscription booking reservation appointment membership account plan
      contract purchase policy trip ride delivery shipment registration service storage hosting
      instance server`,
  }),
  rule('booking-priced', ['Financial', 1], {
    verbs: bookings,
    when: (act, context) => context.priced && (act.verb !== 'checkout' || context.money),
  }),
  rule('order-priced', ['Financial', 1], {
    verbs: 'place make submit',
    objects: 'order orders booking reservation',
    when: (_, context) => context.priced,
  }),
  rule('checkout-version', ['Write', 1], {
    verbs: 'checkout',
    when: (_, context) => !context.money,
  }),
  rule('booking', ['Execute', 1], { verbs: bookings }),
];

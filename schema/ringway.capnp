# Which messages cross a Ringway link, and what every field means.
#
# Every struct is flat: no pointers, no non-zero defaults, so a message is one root word and one data
# section, and trailing zero words may be cut (schema/WIRE.md draws the bytes). Fields that a plain limit
# order leaves at zero go last. New fields are only ever appended; ordinals are never reused.
#
# Units: prices are Int64 in 1e-9 of the instrument's currency (as CME's PRICE9); quantities are UInt64 in
# the instrument's smallest unit; times are UInt64 nanoseconds since the Unix epoch. 0 means "not set"
# wherever a field is optional.
#
# Order, execution and reject semantics follow FIX 5.0 SP2 (tags 11, 37, 39, 40, 54, 59, 102, 103, 150).

@0xd1c5a5f0b7e24a61;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ringway::wire");

# The frame type that names a struct on the wire: 1..31 session, 32..63 requests, 64..127 reports and
# reference data. 128..239 belong to the user's own published messages, 240..255 to transport/.
annotation frame @0xe3c1d9a0c4b8f712 (struct) :UInt8;
# The enum whose values a UInt8 field carries (an enum of Cap'n Proto itself would take 16 bits).
annotation enumType @0xa9d37f1c5be20844 (field) :Text;
# The value that FIX gives this enumerant in the tag that the enum follows.
annotation fix @0xc0f4e8b6a1d35972 (enumerant) :UInt16;

# ---------------------------------------------------------------- enumerations

enum Side {  # FIX tag 54
  unset @0;
  buy @1 $fix(1);
  sell @2 $fix(2);
  sellShort @3 $fix(5);
  sellShortExempt @4 $fix(6);
}

enum OrdType {  # FIX tag 40
  unset @0;
  market @1 $fix(1);
  limit @2 $fix(2);
  stop @3 $fix(3);
  stopLimit @4 $fix(4);
}

enum TimeInForce {  # FIX tag 59
  day @0 $fix(0);
  goodTillCancel @1 $fix(1);
  immediateOrCancel @2 $fix(3);
  fillOrKill @3 $fix(4);
  goodTillDate @4 $fix(6);
  atTheOpening @5 $fix(2);    # these three trade in auctions only
  atTheClose @6 $fix(7);
  atCrossing @7 $fix(9);
}

enum Capacity {  # FIX tag 528; the FIX value is the letter's code
  unset @0;
  agency @1 $fix(65);
  principal @2 $fix(80);
  risklessPrincipal @3 $fix(82);
}

enum Instruction {  # FIX tag 18 in spirit; N is bit N of NewOrder.instructions
  hidden @0;            # nothing of it is shown
  allOrNone @1;
  intermarketSweep @2;
  reduceOnly @3;        # it never adds to the account's position
  slide @4;             # of a post-only order: where it would take liquidity it is re-priced, not refused
}

enum Peg {  # what the price follows; FIX tag 18, the FIX value is the letter's code
  none @0;
  market @1 $fix(80);    # the other side's best
  midpoint @2 $fix(77);
  primary @3 $fix(82);   # the own side's best
}

enum OrdStatus {  # FIX tag 39; the FIX value is the character's code
  unset @0;
  new @1 $fix(48);
  partiallyFilled @2 $fix(49);
  filled @3 $fix(50);
  canceled @4 $fix(52);
  pendingCancel @5 $fix(54);
  rejected @6 $fix(56);
  pendingNew @7 $fix(65);
  expired @8 $fix(67);
  pendingReplace @9 $fix(69);
  inDoubt @10;  # sent to a venue whose answer is not known; FIX has no such state
  suspended @11 $fix(57);   # the venue holds it and does not match it
  doneForDay @12 $fix(51);  # nothing more happens to it in this trading day
}

enum ExecType {  # FIX tag 150; the FIX value is the character's code
  unset @0;
  new @1 $fix(48);
  partialFill @2 $fix(70);  # FIX merged partial fill (1) and fill (2) into F, trade
  fill @3 $fix(70);
  canceled @4 $fix(52);
  replaced @5 $fix(53);
  expired @6 $fix(67);
  rejected @7 $fix(56);
  busted @8 $fix(72);  # trade cancel
  corrected @9 $fix(71);
  restated @10 $fix(68);
  triggered @11 $fix(76);   # a stop order is in the market: a stop-limit is a limit order now, a stop a market order
  suspended @12 $fix(57);
  doneForDay @13 $fix(51);
}

enum RejectReason {  # FIX tag 103; several of ours can share one FIX value
  none @0;
  venueOption @1 $fix(0);
  unknownSymbol @2 $fix(1);
  exchangeClosed @3 $fix(2);
  orderExceedsLimit @4 $fix(3);
  tooLateToEnter @5 $fix(4);
  unknownOrder @6 $fix(5);
  duplicateOrder @7 $fix(6);
  staleOrder @8 $fix(8);
  unsupportedOrderCharacteristic @9 $fix(11);
  incorrectQuantity @10 $fix(13);
  unknownAccount @11 $fix(15);
  priceExceedsBand @12 $fix(16);
  invalidPriceIncrement @13 $fix(18);
  referencePriceNotAvailable @14 $fix(19);
  notionalExceedsThreshold @15 $fix(20);
  shortSellNotPermitted @16 $fix(22);
  insufficientCredit @17 $fix(25);
  exceedsClipSize @18 $fix(26);
  missingEntitlement @19 $fix(99);
  killSwitch @20 $fix(21);           # algorithm risk threshold breached
  rateLimit @21 $fix(99);
  duplicateBurst @22 $fix(99);
  positionLimit @23 $fix(3);
  openOrderLimit @24 $fix(3);
  selfMatch @25 $fix(99);
  venueUnavailable @26 $fix(2);
  noRoute @27 $fix(99);
  gatewayFull @28 $fix(99);          # the order table or a session's report store has no room
  invalidPrice @29 $fix(99);
  invalidField @30 $fix(99);
  wouldTakeLiquidity @31 $fix(99);   # post-only order that would have matched
  noLiquidity @32 $fix(99);          # market or fill-or-kill order that could not fill
  journalUnavailable @33 $fix(99);   # the gateway cannot record orders; cancels go on
  venueBusy @34 $fix(99);            # the session has as many orders waiting for the venue as it may
  orderToTrade @35 $fix(21);         # too many requests for the trades that came of them
  executionThrottle @36 $fix(21);    # executed so often that an operator has to enable the session again
  venueLostBook @37 $fix(99);        # of a Canceled: the venue began anew without the order; fills that it never reported
                                     # are possible, and nobody can tell
}

enum CancelRejectReason {  # FIX tag 102
  none @0;
  tooLateToCancel @1 $fix(0);
  unknownOrder @2 $fix(1);
  venueOption @3 $fix(2);
  alreadyPending @4 $fix(3);
  duplicateClOrdId @5 $fix(6);
  priceExceedsBand @6 $fix(8);
  invalidPriceIncrement @7 $fix(18);
  other @8 $fix(99);
  riskLimit @9 $fix(99);             # a replace failed a risk check; `check` says which
  venueUnavailable @10 $fix(99);
  journalUnavailable @11 $fix(99);   # a replace: the gateway cannot record it; cancels go on
  venueBusy @12 $fix(99);            # a replace: as RejectReason.venueBusy
}

enum RiskCheck {  # which of the gateway's checks refused; not a FIX notion
  none @0;
  entitlement @1;
  maxQuantity @2;
  maxNotional @3;
  priceCollar @4;
  tickAndLot @5;
  duplicateBurst @6;
  messageRate @7;
  positionLimit @8;
  grossNotional @9;
  openOrders @10;
  selfMatch @11;
  killSwitch @12;
  sessionPosition @13;        # what the session traded itself; positionLimit is the account's
  sessionGrossNotional @14;   # grossNotional is the account's
  deskOpenOrders @15;         # openOrders is the session's or the account's
  deskPosition @16;
  deskGrossNotional @17;
  firmOpenOrders @18;
  firmPosition @19;
  firmGrossNotional @20;
  instrumentQuantity @21;     # limits of the one instrument
  instrumentNotional @22;
  instrumentPosition @23;
  orderToTrade @24;
  repeatedExecution @25;
  dailyBought @26;
  dailySold @27;
  dailyTurnover @28;
  instructions @29;           # the venue is not configured to know what the order asks for
  reduceOnly @30;
  dailyLoss @31;              # at market prices, since the trading day began
  deskDailyLoss @32;
  firmDailyLoss @33;
  sessionDailyTurnover @34;
  deskDailyTurnover @35;
  firmDailyTurnover @36;
}

enum RequestType {
  unset @0;
  newOrder @1;
  cancel @2;
  replace @3;
  massCancel @4;
}

enum Durability {  # how safe an accepted request is when its ack leaves
  memory @0;
  durable @1;
  replicated @2;
}

enum Liquidity {  # FIX tag 851
  unset @0;
  added @1 $fix(1);
  removed @2 $fix(2);
}

enum VenueState {
  unset @0;
  up @1;
  down @2;
  halted @3;
  bookLost @4;  # a venue's or connector's word, no state: every order sent there before is gone
}

enum KillScope {
  unset @0;
  all @1;
  session @2;
  account @3;
  venue @4;
  instrument @5;
}

enum LimitOwner {  # whose limit an operator changes
  unset @0;
  firm @1;
  session @2;
  account @3;
  desk @4;
  instrument @5;  # what the firm and its accounts may trade in it
}

enum LimitKind {  # as the configuration names them
  unset @0;
  quantityMax @1;
  notionalMax @2;
  openOrdersMax @3;
  positionMax @4;
  grossNotionalMax @5;
  dailyBoughtMax @6;
  dailySoldMax @7;
  dailyTurnoverMax @8;
  dailyLossMax @9;
}

enum LogonRejectReason {
  unset @0;
  authenticationFailed @1;    # wrong key or unknown session; the two are not told apart
  alreadyLoggedOn @2;
  versionNotSupported @3;
  staleEpoch @4;
  sequenceTooHigh @5;         # the client expects more reports than were ever sent to it
  notALogon @6;               # the first message was something else
  gatewayFull @7;
}

enum LogoutReason {
  unset @0;
  requested @1;
  heartbeatTimeout @2;
  slowConsumer @3;
  protocolError @4;
  supersededByNewLogon @5;
  gatewayStopping @6;
  reportsUnavailable @7;      # what the client has missed cannot be had any more; its next logon brings a snapshot
}

enum SessionRejectReason {  # FIX tag 373 in spirit
  unset @0;
  unknownMessageType @1;
  malformedMessage @2;        # wrong length or root word
  messageNotAllowed @3;       # a gateway-only message sent by a client
  sequenceGap @4;
  notLoggedOn @5;
  reservedFieldNotZero @6;
}

# ---------------------------------------------------------------- session

# The first message on a link. mac0..mac3 are HMAC-SHA256(session key, "client" | link nonces | every field
# before mac0), see msg/auth.h.
struct Logon $frame(1) {
  session @0 :UInt32;
  version @1 :UInt16;               # wire protocol version; 1
  cancelOnDisconnect @2 :UInt8;     # 0 as the gateway has it configured, 1 on link loss and on logout
  durability @3 :UInt8 $enumType("Durability");
  incarnation @4 :UInt64;           # chosen anew by a client that lost its memory
  nextSeqOut @5 :UInt64;            # the sequence number of the client's next request
  nextSeqIn @6 :UInt64;             # the next report sequence number that the client expects
  heartbeatNs @7 :UInt64;
  mac0 @8 :UInt64;
  mac1 @9 :UInt64;
  mac2 @10 :UInt64;
  mac3 @11 :UInt64;
}

# mac0..mac3 prove that the gateway holds the key too.
struct LogonAck $frame(2) {
  session @0 :UInt32;
  version @1 :UInt16;
  durability @2 :UInt8 $enumType("Durability");
  spare @3 :UInt8;
  incarnation @4 :UInt64;
  nextSeqOut @5 :UInt64;            # the gateway's next report
  nextSeqIn @6 :UInt64;             # the next request that the gateway expects: resend from here
  heartbeatNs @7 :UInt64;
  openOrders @8 :UInt64;            # OpenOrder messages that follow when the client asked for a snapshot
  mac0 @9 :UInt64;
  mac1 @10 :UInt64;
  mac2 @11 :UInt64;
  mac3 @12 :UInt64;
}

struct LogonReject $frame(3) {
  session @0 :UInt32;
  reason @1 :UInt8 $enumType("LogonRejectReason");
  spare0 @2 :UInt8;
  version @3 :UInt16;               # the version the gateway speaks
}

struct Logout $frame(4) {
  nextSeqOut @0 :UInt64;
  reason @1 :UInt8 $enumType("LogoutReason");
}

struct Heartbeat $frame(5) {
  sendTime @0 :UInt64;
  nextSeqOut @1 :UInt64;            # of the sender: a gap shows even when nothing else is sent
  nextSeqIn @2 :UInt64;             # everything before it was processed by the sender of this message
}

struct ResendRequest $frame(6) {
  beginSeq @0 :UInt64;
  endSeq @1 :UInt64;                # exclusive; 0 means all that there is
}

# The messages before newSeq are no longer to be had; for a client OpenOrder messages give the state instead.
struct GapFill $frame(7) {
  newSeq @0 :UInt64;
}

struct SessionReject $frame(8) {
  refSeq @0 :UInt64;                # the sequence number of the message refused
  refType @1 :UInt8;                # its frame type
  reason @2 :UInt8 $enumType("SessionRejectReason");
}

# ---------------------------------------------------------------- requests

struct NewOrder $frame(32) {
  clOrdId @0 :UInt64;               # unique per session, not 0
  price @1 :Int64;                  # limit price; 0 for market and stop orders
  qty @2 :UInt64;
  instrument @3 :UInt32;
  account @4 :UInt32;
  side @5 :UInt8 $enumType("Side");
  ordType @6 :UInt8 $enumType("OrdType");
  timeInForce @7 :UInt8 $enumType("TimeInForce");
  capacity @8 :UInt8 $enumType("Capacity");
  route @9 :UInt16;                 # explicit venue; 0 lets the gateway's rules choose
  postOnly @10 :UInt8;              # 0 or 1
  profile @11 :UInt8;               # who trades, and how, as the gateway has it configured; 0: the session's own
  # A second granule starts here.
  stopPrice @12 :Int64;             # stop and stop-limit orders
  displayQty @13 :UInt64;           # 0 shows the whole quantity
  expireTime @14 :UInt64;           # good-till-date orders; of them this or expireDate
  minQty @15 :UInt64;               # the least that trades at once; 0: any
  pegOffset @16 :Int64;             # added to what the price follows; `price` bounds it
  expireDate @17 :UInt32;           # the last day, in days since 1970-01-01, where the venue is
  stpId @18 :UInt32;                # self-trade prevention: the venue matches no two orders of one; 0: none
  instructions @19 :UInt16;         # bits, see Instruction
  peg @20 :UInt8 $enumType("Peg");
  spare0 @21 :UInt8;
  spare1 @22 :UInt32;
}

struct Cancel $frame(33) {
  clOrdId @0 :UInt64;               # of this request
  origClOrdId @1 :UInt64;           # of the order, as last accepted
  profile @2 :UInt8;                # as in NewOrder; 0: the order's
  spare0 @3 :UInt8;
  spare1 @4 :UInt16;
  spare2 @5 :UInt32;
}

struct Replace $frame(34) {
  clOrdId @0 :UInt64;               # of this request, and of the order once replaced
  origClOrdId @1 :UInt64;
  price @2 :Int64;
  qty @3 :UInt64;                   # the new total quantity, what is already filled included
  stopPrice @4 :Int64;
  displayQty @5 :UInt64;            # the new one, where changesDisplay is 1
  expireTime @6 :UInt64;            # these three where changesExpiry is 1: day, good till cancel or good till date
  expireDate @7 :UInt32;
  timeInForce @8 :UInt8 $enumType("TimeInForce");
  changesDisplay @9 :UInt8;         # 0 or 1
  changesExpiry @10 :UInt8;         # 0 or 1
  profile @11 :UInt8;               # as in NewOrder; 0: the order's
}

# Cancels every open order of the session that matches all the filters that are set.
struct MassCancel $frame(35) {
  clOrdId @0 :UInt64;
  instrument @1 :UInt32;            # 0: any
  account @2 :UInt32;               # 0: any
  venue @3 :UInt16;                 # 0: any
  side @4 :UInt8 $enumType("Side"); # unset: both
}

# ---------------------------------------------------------------- reports

# Accepted by the gateway, as safe as `durability` says. It is not a venue's report.
struct OrderAck $frame(64) {
  clOrdId @0 :UInt64;
  orderId @1 :UInt64;               # the gateway's, stable for the order's life
  transactTime @2 :UInt64;
  origClOrdId @3 :UInt64;           # 0 for a new order
  requestType @4 :UInt8 $enumType("RequestType");
  durability @5 :UInt8 $enumType("Durability");
  venue @6 :UInt16;                 # where the order was routed
  spare @7 :UInt32;
}

# Refused by the gateway: no venue ever saw the order.
struct OrderReject $frame(65) {
  clOrdId @0 :UInt64;
  transactTime @1 :UInt64;
  limit @2 :Int64;                  # the limit that was broken, in the check's own unit; 0 where there is none
  value @3 :Int64;                  # what the order would have brought it to
  reason @4 :UInt8 $enumType("RejectReason");
  check @5 :UInt8 $enumType("RiskCheck");
  venue @6 :UInt16;
  spare @7 :UInt32;
}

struct ExecutionReport $frame(66) {
  clOrdId @0 :UInt64;               # of the order; after a cancel or replace, of that request
  orderId @1 :UInt64;
  execId @2 :UInt64;                # unique per venue; a repeated one is a duplicate report
  transactTime @3 :UInt64;
  instrument @4 :UInt32;
  account @5 :UInt32;
  execType @6 :UInt8 $enumType("ExecType");
  ordStatus @7 :UInt8 $enumType("OrdStatus");
  side @8 :UInt8 $enumType("Side");
  reason @9 :UInt8 $enumType("RejectReason");
  venue @10 :UInt16;
  liquidity @11 :UInt8 $enumType("Liquidity");
  spare @12 :UInt8;
  leavesQty @13 :UInt64;
  cumQty @14 :UInt64;
  lastQty @15 :UInt64;
  lastPrice @16 :Int64;
  price @17 :Int64;                 # the order's limit price; orderQty is cumQty + leavesQty while it is open
  origClOrdId @18 :UInt64;          # of the order, when clOrdId is that of a cancel or replace
  matchId @19 :UInt64;              # both sides of one trade carry the same
}

struct CancelReject $frame(67) {
  clOrdId @0 :UInt64;
  origClOrdId @1 :UInt64;
  orderId @2 :UInt64;               # 0 when the order is not known
  transactTime @3 :UInt64;
  reason @4 :UInt8 $enumType("CancelRejectReason");
  requestType @5 :UInt8 $enumType("RequestType");
  ordStatus @6 :UInt8 $enumType("OrdStatus");
  check @7 :UInt8 $enumType("RiskCheck");
  venue @8 :UInt16;
  spare @9 :UInt16;
}

struct MassCancelReport $frame(68) {
  clOrdId @0 :UInt64;
  transactTime @1 :UInt64;
  affected @2 :UInt32;              # orders for which a cancel was sent
  notSent @3 :UInt32;               # orders whose venue is down: still open or in doubt
  reason @4 :UInt8 $enumType("CancelRejectReason");
}

# Open order `index` (from 0) of `count`: a snapshot for a client that cannot be brought up to date otherwise. Orders that
# end before their turn are left out; SnapshotEnd says how many came.
struct OpenOrder $frame(69) {
  clOrdId @0 :UInt64;
  orderId @1 :UInt64;
  index @2 :UInt32;
  count @3 :UInt32;
  instrument @4 :UInt32;
  account @5 :UInt32;
  side @6 :UInt8 $enumType("Side");
  ordType @7 :UInt8 $enumType("OrdType");
  timeInForce @8 :UInt8 $enumType("TimeInForce");
  ordStatus @9 :UInt8 $enumType("OrdStatus");
  venue @10 :UInt16;
  spare @11 :UInt16;
  price @12 :Int64;
  leavesQty @13 :UInt64;
  cumQty @14 :UInt64;
  stopPrice @15 :Int64;
}

# What a venue says of an execution report or cancel reject beyond it: the next message about that order. Texts are
# printable, filled up with zeros; what the venue did not say is 0.
struct ExecutionDetail $frame(73) {
  clOrdId @0 :UInt64;               # these three as in the report or reject
  orderId @1 :UInt64;
  execId @2 :UInt64;                # 0 of a reject
  execRefId @3 :UInt64;             # execId of the trade that a bust or correction is about
  fee @4 :Int64;                    # of the trade, 1e-9 of the instrument's currency; below 0: the venue pays
  venueOrderId0 @5 :UInt64;         # the venue's own identifier of the order, up to 24 characters
  venueOrderId1 @6 :UInt64;
  venueOrderId2 @7 :UInt64;
  venueExecId0 @8 :UInt64;          # and of the execution
  venueExecId1 @9 :UInt64;
  venueExecId2 @10 :UInt64;
  venueCode @11 :UInt64;            # the venue's own code of its reason, up to 8 characters
}

# What an account holds, whoever traded it: in a snapshot, and when it changes without a report to the session, because an
# operator said so or a trade of an order that is no longer known came in. Reports after it change it further.
struct PositionReport $frame(74) {
  transactTime @0 :UInt64;
  quantity @1 :Int64;               # bought minus sold
  openBuy @2 :UInt64;               # of all open orders of the account; pending replaces at their larger size
  openSell @3 :UInt64;
  instrument @4 :UInt32;
  account @5 :UInt32;
}

# The snapshot is complete: OpenOrder for every open order, then PositionReport for every position that is not flat in the
# accounts and instruments that the session may use.
struct SnapshotEnd $frame(75) {
  transactTime @0 :UInt64;
  orders @1 :UInt32;                # OpenOrder messages of the snapshot
  positions @2 :UInt32;             # PositionReport messages of it
}

struct VenueStatus $frame(70) {
  transactTime @0 :UInt64;
  venue @1 :UInt16;
  state @2 :UInt8 $enumType("VenueState");
  spare @3 :UInt8;
  instrument @4 :UInt32;            # 0: the whole venue
}

# A kill switch was latched or re-armed.
struct RiskState $frame(71) {
  transactTime @0 :UInt64;
  id @1 :UInt32;                    # session, account, venue or instrument number; 0 for all
  scope @2 :UInt8 $enumType("KillScope");
  killed @3 :UInt8;                 # 1 latched, 0 armed again
  spare @4 :UInt16;
  cancel @5 :UInt8;                 # 1: and what is open in that scope is being canceled
}

# Sent once when a session's message rate runs into its limit.
struct ThrottleNotice $frame(72) {
  transactTime @0 :UInt64;
  retryAfterNs @1 :UInt64;          # until one token is there again
  ratePerSecond @2 :UInt32;
  burst @3 :UInt32;
}

# ---------------------------------------------------------------- venue reference data

# What price collars compare with. Venues and market-data feeds send it to the gateway.
struct ReferencePrice $frame(80) {
  transactTime @0 :UInt64;
  price @1 :Int64;
  instrument @2 :UInt32;
}

# A venue's trading day has begun. In the gateway's journal alone; no link carries it.
struct TradingDay $frame(81) {
  transactTime @0 :UInt64;          # when it began
  day @1 :UInt32;                   # its date where the venue is, in days since 1970-01-01
  venue @2 :UInt16;
  spare @3 :UInt16;
}

# ---------------------------------------------------------------- operators

# An operator sets or changes what an account holds in an instrument: at the start of a day, or after a trade that the
# gateway did not see. Or what a session traded, as far as its limits count that. Never on a link; in the journal.
struct PositionAdjustment $frame(82) {
  transactTime @0 :UInt64;
  quantity @1 :Int64;               # bought minus sold
  price @2 :Int64;                  # what the position is valued at from now on; 0: as before
  instrument @3 :UInt32;
  account @4 :UInt32;               # 0 where a session is named
  sets @5 :UInt8;                   # 1: the position is `quantity` now, 0: it changes by it
  spare0 @6 :UInt8;
  spare1 @7 :UInt16;
  session @8 :UInt32;               # 0: the account's position changes
  text0 @9 :UInt64;                 # who decided it and why, printable, in 64 bytes filled up with zeros
  text1 @10 :UInt64;
  text2 @11 :UInt64;
  text3 @12 :UInt64;
  text4 @13 :UInt64;
  text5 @14 :UInt64;
  text6 @15 :UInt64;
  text7 @16 :UInt64;
}

# What an operator said of the command before it: who decided it, or why. A long text takes several, in order. Never on a
# link; in the journal.
struct OperatorNote $frame(83) {
  transactTime @0 :UInt64;
  text0 @1 :UInt64;                 # printable, in 96 bytes filled up with zeros
  text1 @2 :UInt64;
  text2 @3 :UInt64;
  text3 @4 :UInt64;
  text4 @5 :UInt64;
  text5 @6 :UInt64;
  text6 @7 :UInt64;
  text7 @8 :UInt64;
  text8 @9 :UInt64;
  text9 @10 :UInt64;
  text10 @11 :UInt64;
  text11 @12 :UInt64;
}

# An operator forbids an account an instrument, or permits it, whatever is configured. Never on a link; in the journal.
struct Restriction $frame(84) {
  transactTime @0 :UInt64;
  instrument @1 :UInt32;
  account @2 :UInt32;
  restricted @3 :UInt8;             # 1: it must not trade it, 0: it may
  spare0 @4 :UInt8;
  spare1 @5 :UInt16;
  spare2 @6 :UInt32;
}

# An operator changes a limit of the firm, a desk, an account or a session. Never on a link; in the journal.
struct LimitChange $frame(85) {
  transactTime @0 :UInt64;
  value @1 :Int64;                  # above 0, in the limit's unit; 2^63 - 1 turns it off
  id @2 :UInt32;                    # 0 for the firm
  owner @3 :UInt8 $enumType("LimitOwner");
  limit @4 :UInt8 $enumType("LimitKind");
  spare @5 :UInt16;
}

# An operator cancels open orders. Never on a link; in the journal.
struct OperatorCancel $frame(86) {
  transactTime @0 :UInt64;
  session @1 :UInt32;               # 0: any
  account @2 :UInt32;               # 0: any
  instrument @3 :UInt32;            # 0: any
  venue @4 :UInt16;                 # 0: any
  side @5 :UInt8 $enumType("Side"); # unset: both
  spare @6 :UInt8;
}

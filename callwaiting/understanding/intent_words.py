"""What speaks for an intent, and what for another world than a business's line. Data, in words of our own.

Each line is a pattern over plain text and its weight. A weight of 3 decides alone; 1 only helps.
"""

from __future__ import annotations

from collections.abc import Mapping

from callwaiting.understanding.result import Intent

Weighted = tuple[tuple[str, int], ...]

_BOOKING = r"(?:re-?servations?|bookings?|appointments?|appt|table|tables|slot|sitting|visit|stay|room|seats?)"
_ORDER = r"(?:order|orders|delivery|food|pizza|takeaway|take ?out|package|parcel|meal)"
_FACILITY = (
    r"(?:parking|car ?park|park|wi-?fi|internet|wheelchairs?|accessib\w+|accessible|disabled|step[- ]free|vegan|vegetarian|"
    r"gluten|halal|kosher|allerg\w+|menus?|dishes|desserts?|drinks|beer|beers|wine|bar|garden|patio|terrace|porch|outdoors?|"
    r"indoors?|outside|inside|exterior|interior|pets?|dogs?|cats?|high ?chairs?|kids'? menu|children'?s menu|private (?:room|party|dining)|"
    r"pool|swimming|swim|gym|spa|sauna|jacuzzi|massages?|pedicure|manicure|nails|facial|treatments?|breakfast|lunch|dinner|"
    r"check(?:ing)?[ -]?(?:in|out)|towels?|housekeep\w+|room service|(?:my|the|a|our) (?:bed)?rooms?|suites?|bedrooms?|toilets?|restrooms?|bathrooms?|"
    r"vouchers?|gift (?:cards?|certificates?)|discounts?|offers?|deals|dress code|live music|music|view|lifts?|elevators?|"
    r"rating|reviews?|postcode|address|website|email|neighbou?rhood|cuisine|payment methods?|credit cards? accepted|"
    r"services?|treatments?|haircuts?|hair ?cut|colou?ring|stylist|barber|dentist|doctor|check-?up|cleaning|luggage|bags|"
    r"seating|capacity|cancellation policy|policy|deposit|waiting list|wait ?time|loyalty|rewards? programme|airport|shuttle|hairdryer|iron|minibar|soap|pillows?|blankets?|"
    r"sandwich\w*|champagne|snacks?|reception|front desk|concierge|key ?cards?|room key|heating|air ?con\w*|tv|shower)"
)

PATTERNS: Mapping[Intent, Weighted] = {
    Intent.EMERGENCY: (
        (r"\b(?:emergency|ambulance|call 911|call 999|heart attack|not breathing|bleeding badly|on fire)\b", 4),
    ),
    Intent.STOP: (
        (r"\b(?:stop|quit|no more|do not|never|end) (?:send\w* )?(?:me )?(?:any )?(?:more )?(?:text\w*|messag\w*|sms)\b", 5),
        (r"\b(?:unsubscribe|opt (?:me )?out|take me off (?:the|your) list)\b", 5),
    ),
    Intent.HUMAN: (
        (r"\b(?:human|real person|live (?:person|agent)|operator|representative|receptionist|(?:your|the) manager|somebody real|someone real)\b", 3),
        (r"\b(?:talk|speak|speaking|talking|chat|transfer(?: me)?|connect(?: me)?|put me through|patch me through|pass me)(?: over)? (?:to|with)\b(?!.*\bbank\b)", 3),
        (r"\bput me through\b|\ban agent\b|\ba person\b(?! booking)", 3),
    ),
    Intent.REPEAT: (
        (r"\b(?:repeat|say (?:that|it|this)(?: \w+){0,3} (?:again|time|more|slower|slowly)|come again|pardon|say again|one more time please|"
         r"(?:did not|could not|cannot|do not) (?:quite )?(?:hear|catch|get)(?: \w+){0,3}(?: that| it| you| what| said)|"
         r"what did you (?:just )?say|what was that|missed (?:that|what you)|hear that again|again please|tell me (?:that )?(?:once )?again|"
         r"go over that again|what you (?:just )?said)\b", 4),
        (r"^(?:sorry|what|huh|excuse me|again)[ ?!.]*$", 4),
    ),
    Intent.START_OVER: (
        (r"\b(?:start (?:over|again|from)|begin again|restart|from the (?:top|beginning|start)|go back to the (?:start|beginning))\b", 4),
    ),
    Intent.CANCEL: (
        (rf"\b(?:cancel\w*|call off|get rid of|drop|delete|undo|remove|scrap|calling off|nix)\b.{{0,40}}\b{_BOOKING}\b", 4),
        (rf"\b{_BOOKING}\b.{{0,60}}\b(?:cancel\w*|called off|removed)\b", 4),
        (rf"\bcancel\w*\b.{{0,40}}\b(?:{_ORDER}|{_FACILITY}|session|class|lesson)\b", 4),
        (r"^(?:please |can you |just |i want to |i need to |i have to |want to |need to |actually )*cancel(?:l?ation)?(?: it| that| this| please| everything| my| all)*[.!]*$", 4),
        (r"\b(?:make|making) a cancel\w*|\bcannot (?:make it|come|attend)\b|\bwill not be (?:coming|able to (?:make|come))", 3),
        (r"\bcancel(?:l?ing|led|ed)?\b", 2),
        (rf"\bdo not (?:want|need) (?:the|my|that|this|to (?:book|reserve))\b.{{0,30}}", 2),
    ),
    Intent.CHANGE: (
        (rf"\b(?:chang\w*|mov\w+|re-?schedul\w*|amend\w*|modif\w*|updat\w*|switch\w*|alter\w*|edit\w*|adjust\w*|push(?: back)?|postpone|bring forward|extend|shorten|upgrade|increase|reduce|add)\b.{{0,45}}\b(?:{_BOOKING}|nights?|adults|children|kids|guests|people|dates?|(?:arrival|check-?in) (?:date|time))\b", 3),
        (rf"\b{_BOOKING}\b.{{0,40}}\b(?:chang\w*|moved|re-?schedul\w*|amend\w*|modif\w*|updated?|switched)\b", 3),
        (r"\b(?:re-?schedul\w*|re-?book|rearrange|postpone|push (?:it|that) back|move (?:it|that|my)|change of plans?)\b", 3),
        (r"\b(?:i was|i am|we are) wrong about|\b(?:make|change|move) (?:it|that) (?:to|for)\b|\binstead\b", 2),
        (r"\b(?:different|another|earlier|later|other) (?:date|day|time|slot)\b", 2),
        (r"\bchange\b", 1),
    ),
    Intent.ORDER_STATUS: (
        (rf"\b(?:status|track\w*|updates?|progress|where is|where are|when will|when is|how long (?:until|till|for|before)|what time|eta|arriv\w*|ready|shipped|on its way)\b.{{0,40}}\b(?:my|the|our|an|for) {_ORDER}\b(?!.*\bserved\b)", 4),
        (rf"\b{_ORDER}\b.{{0,30}}\b(?:status|track\w*|arriv\w*|get(?:ting)? here|ready|coming|shipped|deliver\w*|late|on its way|updates?)\b", 3),
    ),
    Intent.BOOKING_STATUS: (
        (rf"\b(?:confirm\w*|check|verify|double[- ]check|see if|look up|find|make sure|status)\b.{{0,35}}\b{_BOOKING}\b", 3),
        (rf"\b(?:i|we) (?:have|had|already have|made|booked|reserved|got|believe i have|think i have|have got|am|are)\b.{{0,25}}\b(?:{_BOOKING}|booked|reserved|reserve|arrangements)\b", 2),
        (rf"\b(?:my|our|the|a) {_BOOKING}(?:'s)? (?:is|was|at|for|on|under|i made|has|are|were|booked|should)\b", 2),
        (r"\b(?:it|that|lunch|dinner) (?:was|is|were) (?:all )?(?:booked|reserved)\b|\bis (?:all )?booked\b|\balready (?:have|got) one\b|\bi (?:am|was) booked\b|\bwe(?: are| were)? (?:booked|reserved)\b", 2),
    ),
    Intent.PAY: (
        (r"\b(?:pay|paying|payment)\b.{0,30}\b(?:order|booking|now|online|link|cash|card|reservation|deposit|table|bill|tab|here)\b", 3),
        (r"\b(?:payment link|settle (?:up|the bill)|pay (?:for it|now|up|by|with))\b", 3),
    ),
    Intent.MESSAGE: (
        (r"\b(?:leave|take|pass on|give (?:him|her|them)) (?:a |me a |my )?(?:voice ?)?(?:message|voicemail|note)\b", 4),
        (r"\b(?:call|ring|phone|get back to) me (?:back|later|when)\b|\bcall ?back\b", 4),
        (r"\b(?:tell|let) (?:the (?:owner|team|staff|kitchen|manager)|your (?:team|staff|manager)) (?:that |know )", 3),
    ),
    Intent.HOURS: (
        (r"\b(?:opening|closing|business|working|office) (?:hours|times?)\b|\bhours of operation\b", 4),
        (r"\b(?:when|what time|what times|how late|how early|till when|until when|what hours)\b.{0,30}\b(?:open|close[sd]?|opening|closing|shut|serve|serving)\b", 4),
        (r"\b(?:are|is|will) (?:you|they|it|the (?:shop|store|restaurant|salon|clinic|gym|pool|spa|kitchen|bar|place))\b.{0,15}\b(?:open|closed)\b", 4),
        (r"\bdo (?:you|they) (?:open|close)\b|\b(?:your|their) hours\b|\bopen (?:on|at|until|till|late|today|now)\b", 4),
    ),
    Intent.LOCATION: (
        (r"\bwhere (?:are|is|exactly are) (?:you|the (?:restaurant|shop|salon|clinic|store|place|office)|it|they|your)\b", 4),
        (r"\b(?:your|the|its|their|it is) (?:exact |full )?(?:address|location|postcode|zip ?code|neighbou?rhood)\b|\b(?:which|what) (?:area|neighbou?rhood|part of town|street|postcode|address)\b", 3),
        (r"\b(?:how (?:do|can) (?:i|we) (?:get to you|get there|find you)|directions to (?:you|your|the (?:restaurant|shop|salon|clinic)))\b", 4),
        (r"\bwhere (?:are|do) (?:you|they) located\b|\blocated (?:in|at)\b|\b(?:is|are) (?:it|you|they) (?:near|close to|far)\b", 3),
    ),
    Intent.BOOK: (
        (rf"\b(?:book|reserve|schedule|make|get|arrange|need|want|like|have|set ?up|looking for|look for|find|fix|do|request|put me down for|save|grab|secure|hold)\b.{{0,40}}\b{_BOOKING}\b(?!.{{0,30}}\b(?:reviews?|info)\b)", 3),
        (rf"\b(?:table|spot|sot|seats?|room|suite|seating|place) for (?:\d|me|us|my|our|a|the|tonight|tomorrow|lunch|dinner|this|{_BOOKING})", 3),
        (r"\b(?:book|reserve)\b.{0,40}\b(?:for|at|on|in|a|an|the|me|it|this)\b", 3),
        (r"\b(?:book|booked|reserve|reservation|reservations|booking|appointment|appointments)\b", 2),
        (r"\b(?:anything|any (?:tables?|slots?|openings?|appointments?|rooms?|availability|space|time)|availability|a slot|an opening|anything free|free slot|available)\b", 2),
        (r"\b(?:come in|fit me in|squeeze me in|see (?:the|a) (?:doctor|dentist|stylist|vet))\b", 2),
        (r"\b(?:want|would like|need|like) (?:to )?(?:stay|come|eat|dine|check in)\b|\b\d (?:adults?|nights?|people|guests)\b|\bnight stay\b", 2),
        (r"\b(?:a |the )?party of \d", 3),
        (r"\btakes? reservations\b", 3),
    ),
    Intent.ORDER: (
        (r"\b(?:place|make|put in|start) (?:an|a|my|the|another) (?:\w+ )?order\b", 4),
        (r"\b(?:to order|like to order|want to order|need to order|order some|order (?:a|an|\d|the|me|two)|ordering|order (?:for|food)|reorder|order more)\b", 3),
        (r"\b(?:takeaway|take ?out|pick ?up|for delivery|home delivery|to go|collection|deliver(?:y|ed)?)\b", 2),
        (r"\b(?:buy|purchase)\b", 2),
    ),
    Intent.QUESTION: (
        (rf"\b(?:do|does|is|are|can|could|would|will|have|has|what|which|where|how|any|tell me|know|want|need|like|get|looking|bring|for|an?|the|my|prefer|please|show|free|wheelchair)\b.{{0,50}}\b{_FACILITY}\b", 2),
        (r"\b(?:do|does|can|could|will|would|are|is) (?:you|they|it|the (?:restaurant|place|venue|hotel|shop|salon|clinic))\b.{0,20}\b(?:have|offer|serve|deliver|take|accept|do|sell|allow|provide|accommodate|charge|include|cater|got|near|free|available|included)\b", 3),
        (r"\b(?:how much (?:is|are|does|do|for|would|will)|what is the (?:price|cost|charge)|price of|prices|what do you charge|do (?:i|we) have to pay (?:extra|for))\b", 2),
        (r"\b(?:your|their|the|this|a|called the) (?:restaurant|hotel|salon|shop|place|venue|clinic|menu|rating|staff)\b", 2),
        (r"\brestaurant (?:called|named)\b|\bis (?:there|it) (?:a |any )?(?:table|parking|available)\b|\bare there (?:any )?\w+ options\b", 3),
        (rf"\b{_FACILITY}\b", 1),
    ),
    Intent.HELP: (
        (r"\bwhat (?:can|could) (?:you|i) (?:do|ask|say|help)\b|\bhow (?:can|does) (?:you|this) (?:help|work)\b|\bwhat (?:are my|are the) options\b|"
         r"\bwhat (?:kind|sort|types?) of (?:things|questions|stuff)\b.{0,30}\byou\b|\bwhat (?:things|subjects|topics|questions)\b.{0,30}\b(?:ask|you)\b|^help(?: me)?(?: please)?[.!]*$", 4),
        (r"\b(?:are|is) (?:you|this|i|it)\b.{0,30}\b(?:bot|robot|machine|computer|human|real|automated|recording|ai|person|talking)\b", 4),
    ),
    Intent.GOODBYE: (
        (r"\b(?:good ?bye|bye(?:[- ]bye)?|see you|see ya|farewell|talk (?:to you )?later|take care|have a (?:good|nice|great|lovely|wonderful) (?:day|one|evening|night|weekend|afternoon|time)|catch you later|so long|cheerio|(?:nice|good|lovely|great|pleasure) (?:speaking|talking|chatting)|later alligator|until next time)\b", 3),
        (r"\bi am done(?: with (?:this|you))?\b|\bgood night\b", 2),
    ),
    Intent.GREETING: (
        (r"^(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|day)|greetings|yo|what is up|whats up|sup)\b", 2),
        (r"\b(?:how are you|how is it going|how do you do|how are things|how have you been|nice to meet you|how is (?:your|the) day)\b", 3),
    ),
    Intent.THANKS: (
        (r"\b(?:thanks|thank you|thank u|thx|cheers|much appreciated|appreciate (?:it|that|your)|grateful|you (?:have been|are|were) (?:a )?(?:\w+ )?help\w*|very helpful|big help)\b", 2),
    ),
    Intent.DONE: (
        (r"^(?:no[,.]? |nope[,.]? |ok(?:ay)?[,.]? )*(?:that is (?:all|it|everything)|that will be (?:all|it)|nothing (?:else|more)|all done|i am (?:done|finished|good|all set)|done|finished|just that)\b", 3),
    ),
    Intent.DONT_KNOW: (
        (r"\b(?:do not know|not sure|no idea|unsure|undecided|still deciding|have not decided|cannot (?:decide|remember|recall)|do not (?:remember|recall|mind|care)|maybe|perhaps|possibly|i guess|either(?: one)?|whatever|any(?: of them)? is fine|up to you|let me think|hold on|just a (?:second|moment|minute)|2nd please|wait a)\b", 2),
    ),
    Intent.YES: (),
    Intent.NO: (),
}  # fmt: skip

# Topics of other worlds: banks, gadgets, travel, trivia. Each takes away from the score.
FOREIGN: Weighted = (
    (r"\b(?:bank\w*|(?:checking|savings?) account|my account|account number|balance|credit (?:card|score|limit|rating)|debit card|visa|mastercard|american express|amex|apple pay|google pay|"
     r"atm|cash ?point|pin|passcode|overdraft|mortgage|loan|interest rate|exchange rate|currenc\w+|dollars?|euros|pounds (?:to|in)|transfer(?:red|s|ring)?(?: money| funds| was| did| not)?|wire|direct debit|"
     r"top(?:ped|ping)?[ -]?up|beneficiary|statement|transactions?|withdraw\w*|deposit(?:ing|ed)? (?:cash|cheque|check|money)|cheques?|check ?books?|virtual card|disposable|my (?:new |physical |old )?card|physical card|spare card|"
     r"the card|a card|card (?:payment|has|is|not|was|still)|401k|401|rollover|payday|pay ?check|salary|income|direct deposit|w-?2|tax\w*|irs|stocks?|bitcoin|invest\w*|fraud\w*|identity|verif(?:y|ication) (?:my|code|who)|refund\w*|charged (?:twice|a fee|extra)|fees?|"
     r"routing|apr|credit|debit|rewards|points|bill|bills|insurance|payments?|purchase[sd]?|spent|spend(?:ing)?|funds|fiat|crypto\w*|atms|account)\b", 3),
    (r"\b(?:alarms?|remind\w*|timer|to-?do|todo|shopping list|grocery list|calendar|meeting|playlist|song|songs|lyrics|album|play (?:some|the|me)|volume|brightness|thermostat|lights?|microwave|speaker|bluetooth|"
     r"wi-?fi network|sync|device|battery|phone (?:is|was|number of)|my phone|find my|operating system|software|app|apps|download|laptop|printer|hdmi|email me|text (?:message|my|to)|texted|facebook|twitter|instagram|youtube|google|wikipedia|"
     r"netflix|video games?|zelda|xbox|switch to (?:whisper|a)|whisper|accent|language|speak (?:in|faster|slower)|talk (?:faster|slower)|smart home|avatar|search history|internet\b.*\binvent)\b", 3),
    (r"\b(?:weather|temperature|forecast|rain\w*|snow\w*|traffic|directions|distance|miles|kilometers?|gps|uber|lyft|taxi|cab|bus|train|flights?|airlines?|airport security|carry[- ]?ons?|luggage allowance|lost (?:my )?luggage|passport|travel\w*|vaccin\w*|shots|"
     r"time ?zone|plug|gas|fuel|tires?|tyres?|oil change|change (?:my |the )?oil|oil|jump[- ]?start|mpg|engine|car rental|rent a car|rental|vehicle|auto-?pilot|hotels? (?:in|near)|tourist|sightseeing|vacation|pto|time off|days off|holiday days|work(?:ed)? for|boss|coworker)\b", 3),
    (r"\b(?:recipes?|ingredients?|calories|nutrition\w*|substitut\w*|cook(?:ing)? (?:time|a|the)|bake|how long (?:do|should) (?:i|you) cook|expir\w*|go bad|last in the fridge|definition|define|mean(?:s|ing)? of|spell(?:ing)?|translat\w*|synonym|calculat\w*|"
     r"square root|divided by|multipl\w+|standard deviation|convert|kilos?|ounces|cups (?:in|are)|inches|joke|funny|fun fact|trivia|flip a coin|coin|roll (?:a )?(?:dice|die)|dice|how old are you|what is your name|your name|who (?:made|created|built|do you work)|where are you from|"
     r"hobbies|your favou?rite|meaning of life|horoscope|lottery|scores?|game|match|team|won the|olympics|president|supreme court|congress|election|war|history of|capital of|population|planets?|moon|animals?|samurai|invented|inventor|"
     r"movies?|film|tv show|series|episodes?|celebrit\w+|actor|actress|singer|band|bands|concert|books?\b(?! (?:a|me|it|us|in|for|the))|novel|author|born|died|sore throat|symptom\w*|medicine|ointment|headache|heart rate|blood|urine|diet|exercise|workout|weight|"
     r"homework|essay|write (?:a|an|me)|poem|scientific|theory|science|chemistry|physics|math|school|college|university|apartments?|rent|lawn|grass|mow|trees|garden(?:ing)? tips|clean(?:er|ing)? (?:a|the|that)|laundry|suede|make-?up|smoky eye|gift ideas?|jobs?|resume|career|lawyer|legal|arrested|"
     r"application status|applied|interview|my (?:location|address|password|luggage|wallet|iphone)|lost my (?:phone|wallet)|share my location|how do (?:i|you) (?:make|fix|build|write|put|get rid|upgrade|clean|change|install|do|know|go)|what is (?:a|an|the (?:best|most|life|difference|average))|"
     r"who (?:is|was|invented|won|gives)|what (?:year|happened|causes|would happen|zelda|bands?|are the (?:different|best|top))|why (?:do|does|is|are|did) (?:the|people|we|it|cats|dogs|they)|tell me (?:a|about the|about|something|who|which)|when (?:was|did|will) \w+ (?:born|die|release)|how (?:many|far|tall|old|big|deep) (?:is|are|does|did|miles|items|ppm|people (?:live|in)))\b", 3),
)  # fmt: skip

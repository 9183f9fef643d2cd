"""The words beside days and times that decide which of them is meant; what they do is in `moments`."""

from __future__ import annotations

import re

from callwaiting.understanding.calendar_words import MONTH

CHANGE = re.compile(r"\b(?:chang|mov|reschedul|switch|push|shift|swap|amend|modif|rebook|postpon|bring|updat)\w*\b")
CORRECTION = re.compile(
    r"\b(?:no|actually|sorry|instead|i mean|i meant|rather|make (?:it|that)|scratch that|correction|wait|change)\b"
)
# `Friday does not work`, `the 6th is no good`: what is said of a day rules it out.
RULED_OUT = re.compile(
    r"^_*(?:'s)?(?: (?:night|evening|morning|afternoon|lunch|at _+|_+))? ?"
    r"(?:(?:is|are|was|does|do|did|will|would|looks?|seems?|becomes?)(?: (?:also|really|just|probably|simply))* "
    r"(?:not|no (?:good|longer|use|option)|never|out\b|off\b|impossible|difficult|bad\b|"
    r"too (?:soon|early|late|busy|short)|"
    r"(?:fully )?(?:booked|taken)|a (?:problem|bad))|cannot|(?:no good|not possible|not good|impossible)\b)"
)
NOT = re.compile(
    r"\b(?:not|except|but not|"
    r"(?:cannot|not able to|unable to|not going to|will not) (?:do|make|manage|come|attend|be there)(?: it)?|"
    r"(?:not|un)(?: (?:be|really))? ?(?:available|free|around|there|working|in town)|"
    r"other than|apart from|besides|instead of|rather than|"
    r"(?:any|every|each)(?:thing|time| day| time| evening)? but)(?: on| at| the| for)* ?$"
)
THROUGH = re.compile(
    r"^[ ,]*(?:-|to|until|untill|till|til|through|thru|up to|(?:and )?(?:(?:i |we )?will )?(?:be )?"
    r"(?:check(?:ing)? ?out|leav(?:e|ing)|depart(?:ing)?|return(?:ing)?|end(?:ing)?))(?: on| by| at| until| the)* ?$"
)
LEAVING = re.compile(
    r"\b(?:check(?:ing)?[ -]?out|leav(?:e|ing)|depart(?:ing)?|return(?:ing)?|drop(?:ping)?(?: it)? off|until|till|til|"
    r"through|up to)(?: it| date| is| of| will be| on| by| the| next day,)* ?$"
)
BEGINNING = re.compile(r"\b(?:from|beginning|starting|check(?:ing)?[ -]?in)(?: date| is| of| on| the)* ?$")
OF = re.compile(r"(?:of |than )?")  # of `instead of Friday` the mention begins with `of`
DEED = re.compile(r"\b(?:made|booked|reserved|called|rang|placed|ordered|spoke)\b")  # its day is not the visit's
LASTING = re.compile(
    r"\b(?:for|lasting|lasts|takes) (\d{1,3}|an?) ?(hours?|hrs?|minutes?|mins?)\b"
    r"(?: and a half| (?:and )?(\d{1,2}) ?(?:minutes?|mins?))?"
)
NUMBER_BEHIND = re.compile(
    r" ?(-|to|until|till|through|and) ?(?:the )?(\d{1,2})(?:st|nd|rd|th)?\b"
    rf"(?![:.]\d| ?(?:[ap]\.?m|o'? ?clock|people|in the|(?:of )?{MONTH}))"
)
BARE_DAY = re.compile(
    r"(?:(?:on|the|for|yes|yeah|yep|ok|okay|its|it is|maybe|say|lets (?:say|do)|how about|make it)[ ,]*){0,4}(\d{1,2})"
    r"(?:[ ,]*(?:please|thanks|thank you|would be (?:good|great|fine)|is (?:good|fine)|works)){0,2}[ .!?]*"
)
BOUND = re.compile(
    r"\b(?P<not>no |not |not any )?(?:(?P<until>until|till|til|before|by|earlier than)|after|later than|from|since)"
    r"(?: about| around)? ?$"
)
BESIDE_A_TIME = re.compile(r" ?(?:-|to|until|till|or|rather than|instead of|not|,? ?(?:no|sorry|actually),?) ?")
TO_ANOTHER = re.compile(r"\bto (?:be )?(?:on )?(?:the )?(?:[\w']+,? ){0,3}(?:at )?$")  # `from 6 to Friday at 7`
OR_BEHIND = re.compile(r" or (?:the )?(\d{1,2})(?:st|nd|rd|th)?\b(?![:.]\d| ?(?:[ap]\.?m|o'? ?clock|people))")
OR_BEFORE = re.compile(r"(?<![:.\d])\b(\d{1,2})(?:st|nd|rd|th)?(?: or | ?/ ?)(?:the )?$")
# What an ordinal can count that is no day: `the 5th floor`.
COUNTED = (
    r"(?:floor|time|street|avenue|ave|birthday|anniversary|person|grade|place|table|room|option|item|number|slot|chair|"
    r"one|visit|child|kid|week|month|year|1)\b"
)
CORRECTED = re.compile(r"\b(?:no|actually|sorry|i mean|i meant|rather|make (?:it|that))[, ]*(?:at )?$")
TIME_BEFORE = re.compile(
    r"(?:\b(?:at|around|about|approximately|roughly|by|before|after|until|till|til|from|between|since|"
    r"(?:later|earlier) than|say|time|starting|do|try|how about|what about|it to|maybe)"
    r"|@|_)[, ]*(?:like |say |around |about |the )?$"
)
NO_TIME_AFTER = re.compile(
    r"^ ?(?:\+|(?:past|to)[ .?!]*$|(?:and|to|or|-) ?\d{1,3} (?:people|persons?|ppl|guests?|of us)\b|"
    r"other|more|people|person|ppl|guests?|adults?|kids?|child|children|of us|pax|persons?|seat|friends?|"
    r"in total|total|nights?|days?|hours?|hrs?|minutes?|mins?|weeks?|months?|years?|rooms?|tables?|boys?|girls?|"
    r"and a half|%|dollars?|pounds?|bucks|star|"
    r"(?!(?:is|was|as|works|sounds|looks|thanks|suits|its)\b)\w+s\b)"
)
FOR_A_PARTY = re.compile(
    r"(?:^|\b(?:table|reservation|dinner|supper|lunch|brunch|breakfast|seats?|seating|booking|room|space|something|"
    r"somewhere|spot|place|us) )for $"
)
FOR_PEOPLE = re.compile(r"\b(?:\d|party|table|group)[^_]{0,12}\bfor $")
FROM_SO_MANY = re.compile(
    r"\b(?:guests?|people|persons?|party|number|covers|seats|group|heads?|pax)\b[^_]{0,12}\bfrom (?:\d{1,3} to )?$"
)
# `3 to 4 on Wednesday`, `Tuesday 9-5`; a day has been blanked out.
_HOURS = r"\d{1,2} ?(?:-|to|till|until) ?\d{1,2}(?![\d:/]| ?(?:people|persons?|ppl|guests?|of us|pax|kids|adults))"
HOURS_OF_A_DAY = re.compile(
    rf"(?<!for )(?<!of )(?<!are )(?<!be )(?<![\w.:/$£€+-])\b{_HOURS}(?=,? (?:on )?_)|(?<=_),? (?:from )?{_HOURS}"
)
AT = re.compile(r"(?:\b(?:at|by|from|until|till|after|before)|@) $")
TO = re.compile(r"\bto $")
PARTY_OF = re.compile(r"\b(?:party|group|total|number|family) of (?:\w+ )?$")
PEOPLE_BEFORE = re.compile(
    r"\b(?:party|group|table|total|number|family) (?:of|for) "
    r"(?:about |around |approximately |roughly |up to |at least )?$"
)

//! Contacts: how each stood beside the other that was given first, and how it left.

use super::*;

#[test]
fn what_would_have_kept_it_in_the_queue_is_told_for_each_way_out() {
    let cases = [
        (FlowReason::MaxWait, "", "an agent within 10 min 00 s"),
        (FlowReason::MaxLength, "max_length = { at = 200, to = \"queue:sales\" }", "fewer than 200 waiting"),
        (
            FlowReason::ExpectedWait,
            "max_expected_wait = { over = \"5m\", to = \"queue:sales\" }",
            "an expected wait of 5 min 00 s at most",
        ),
        (FlowReason::Understaffed, "min_staffed = { agents = 2, to = \"queue:sales\" }", "2 agents at work"),
        (FlowReason::Empty, "empty = { to = \"queue:sales\" }", "somebody signed on"),
        (FlowReason::Empty, "empty = { when = \"none-available\", to = \"queue:sales\" }", "somebody at work"),
        (
            FlowReason::Empty,
            "empty = { when = [\"missed\", \"busy\"], to = \"queue:sales\" }",
            "somebody signed on who is none of missed, busy",
        ),
        (FlowReason::Closed, "", "a queue that is open at the time"),
        (FlowReason::BreakoutKey, "", "no key pressed"),
        (FlowReason::NotReached, "", "a customer who answers"),
        (FlowReason::Recalled, "", "a customer who does not call himself"),
        (FlowReason::TriesExhausted, "tries = 2", "fewer offers that fail"),
    ];
    let left = |why| {
        move |log: &mut Log| {
            queued(log);
            let (contact, waited) = (contact(OURS), Duration::from_secs(3));
            log.fact(&Fact::FlowedOut { contact, queue: QUEUE, waited, why, to: None });
        }
    };
    for (why, queue, expected) in cases {
        let text = told_of(&house(queue, &["", ""]), left(why));
        assert!(text.contains(&format!("left the queue after 3.0 s ({})\n", why.word())), "{text}");
        assert!(text.contains(&format!("what would have changed it: {expected}\n")), "{expected} in\n{text}");
    }
    let text = told_of(&house("", &["", ""]), left(FlowReason::Forced));
    assert!(text.contains("left the queue after 3.0 s") && !text.contains("changed it:"), "{text}");
}

/// The queue's lines; what comes before Anna is there for the first contact; how ours then stands, from both sides.
type Waited = (&'static str, Setup, &'static [&'static str], &'static str);

const WAITED: &[Waited] = &[
    (
        "ageing = { per_minute = 1, cap = 5 }",
        |log| {
            queued_in(log.pass(600), OURS, 0, 3);
            log.pass(600);
        },
        &[
            "support",
            "8.0 (13.0 in its queue)",
            "10 min 00 s",
            "7.0 points fewer of priority and waiting, which no cap limits in a queue (d.toml:10:1)",
            "a priority higher by 8, or 7 min 00 s more of waiting",
        ],
        "it had 20.0 points of priority and waiting, this one 13.0",
    ),
    (
        "",
        |log| {
            queued_in(log.pass(12), OURS, 0, 0);
            log.pass(5);
        },
        &["support", "0.0", "5.0 s", "came 12.0 s later, with as many points", "coming 12.0 s earlier"],
        "it had come earlier",
    ),
    (
        "",
        |log| {
            log.at += Duration::from_millis(20);
            queued_in(log, OURS, 1, 0);
            log.pass(5);
        },
        &["sales", "0.0", "5.0 s", "came a moment later, with as many points", "coming a moment earlier"],
        "it had come earlier",
    ),
    (
        "service_objective = \"10s\"",
        |log| {
            queued_in(log, OURS, 1, 0);
            log.pass(6);
        },
        &[
            "sales",
            "0.0",
            "6.0 s",
            "it has waited 6.0 s, 10 % of the objective of queue sales (1 min 00 s), the chosen 6.0 s, 60 % of the objective \
             of queue support (10.0 s; d.toml:10:1)",
            "30.0 s more of waiting",
        ],
        "it had waited 6.0 s, 60 % of the objective of queue support (10.0 s; d.toml:10:1), this one 6.0 s, 10 % of the \
         objective of queue sales (1 min 00 s)",
    ),
];

#[test]
fn who_waited_for_the_same_agent_sees_from_both_sides_why_it_was_the_other() {
    for (queue, setup, standing, passed) in WAITED {
        let config = house(queue, &["queues = [\"support\", \"sales\"]"]);
        let told = |n| {
            told_of_contact(&config, n, |log| {
                log.agent(ANNA, NOT_READY);
                queued_in(log, 1, 0, 0);
                setup(log);
                log.agent(ANNA, AgentState::Ready);
                rings(log, 1, 0, ANNA);
            })
        };
        let (of_other, of_ours) = (told(1), told(OURS));
        for text in [&of_other, &of_ours] {
            let row = row(text, "0000000100000009");
            assert_eq!(row.get(1..), Some(*standing), "{text}");
        }
        let passed = format!("1001 Anna was given 0000000100000001 first: {passed}\n");
        assert!(of_ours.contains(&passed), "{passed} in\n{of_ours}");
    }
}

#[test]
fn who_could_not_be_compared_with_the_other_is_told_why() {
    let told = |queue: &str, more: &str, n, setup: Setup| {
        let config = house(queue, &["queues = [\"support\", \"sales\"]"]) + more;
        told_of_contact(&config, n, setup)
    };
    // Its queue's first is behind the other by the cap, and it stands behind that one.
    let text = told("ageing = { per_minute = 1, cap = 5 }", "", OURS, |log| {
        log.agent(ANNA, NOT_READY);
        queued_in(log, 1, 0, 0);
        queued_in(log.pass(600), OURS, 0, 3);
        queued_in(log.pass(600), 2, 1, 6);
        log.agent(ANNA, AgentState::Ready);
        rings(log, 2, 1, ANNA);
    });
    let not_first = "1001 Anna was given 0000000100000002 first: in this one's queue 0000000100000001 stands before it, and \
                     only the first of a queue is compared\n";
    assert!(text.contains(not_first), "{text}");
    let standing = "stands behind 0000000100000001 in its queue, and only the first of a queue is compared";
    let cells = ["support", "8.0 (13.0 in its queue)", "10 min 00 s", standing, "standing before it in its queue"];
    assert_eq!(row(&text, "0000000100000009")[1..], cells, "{text}");

    let lacks: Setup = |log| {
        log.agent(ANNA, NOT_READY);
        queued(log);
        queued_in(log, 1, 1, 0);
        log.pass(5).agent(ANNA, AgentState::Ready);
        rings(log, 1, 1, ANNA);
    };
    let text = told("needs = \"french >= 4\"", "", OURS, lacks);
    assert!(text.contains("1001 Anna was given 0000000100000001 first: he could not be given this one\n"), "{text}");
    assert_eq!(row(&text, "1001 Anna"), ["1001 Anna", "–", "has french 0, asked at step 1", "french 4 or more"]);
    let text = told("needs = \"french >= 4\"", "", 1, lacks);
    let cells = ["support", "0.0", "5.0 s", "has french 0, asked at step 1", "french 4 or more"];
    assert_eq!(row(&text, "0000000100000009")[1..], cells, "{text}");

    // Against the rules; on several loops it may have come a moment later.
    let against: Setup = |log| {
        log.agent(ANNA, NOT_READY);
        queued_in(log, 1, 0, 0);
        queued_in(log, OURS, 1, 2);
        log.pass(5).agent(ANNA, AgentState::Ready);
        rings(log, 1, 0, ANNA);
    };
    let text = told("", "", OURS, against);
    assert!(
        text.contains("was given 0000000100000001 first: this one came first, and he was not given it\n"),
        "{text}"
    );
    assert_eq!(row(&text, "0000000100000009")[4..], ["came before the chosen, and was not given"]);
    let text = told("", "[limits]\nshards = 2\n", OURS, against);
    assert!(text.contains("was given 0000000100000001 first: the two crossed on their way between shards\n"), "{text}");
    let text = told("", "[limits]\nshards = 2\n", 1, against);
    let crossed = "at about that moment it crossed with this on its way between shards";
    assert_eq!(row(&text, "0000000100000009")[4..], [crossed]);
}

/// What is a number or a name elsewhere is one here; who made it so stands beside it.
#[test]
fn what_rules_made_of_a_contact_is_told_with_the_line_of_each() {
    let config = house(
        "needs = \"french\"\nsticky = { wait = \"20s\", remember = \"1d\" }\n\
         rules = [{ if = \"data.tier == 'gold'\", priority = 5, needs = \"billing >= 2\" }]",
        &["skills = { french = 5, billing = 5 }", ""],
    ) + "[[number]]\nmatch = \"4001\"\nto = \"queue:support\"\nattach = { tier = \"gold\" }\n";
    let mut log = Log::of(&config);
    log.configured(&config);
    let needs = log.names.requirements.iter().position(|asked| asked.text.contains("billing")).unwrap();
    let (rule, value) = (JudgedBy::Rule(0), Preferred { agent: ANNA, wait: Duration::from_secs(20) });
    let judgement = Judgement {
        priority: Some(Judged { value: 5, by: rule }),
        needs: Some(Judged { value: model::RequirementId(needs as u32), by: rule }),
        agent: Some(Judged { value, by: JudgedBy::Sticky }),
    };
    log.fact(&Fact::Judged { contact: contact(OURS), queue: QUEUE, judgement });
    queued(&mut log);
    let story = log.story(OURS, &config);
    let text = story.text();
    for line in [
        "  came for queue support, whose rules say of it:\n",
        "  priority 5 by rule 1 (d.toml:12:10)\n",
        "  needs billing >= 2 by rule 1 (d.toml:12:10)\n",
        "  kept for 1001 Anna for 20.0 s by `sticky` (d.toml:11:1): he served the caller last\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let json = story.json();
    is_documented("", &json);
    let judged = &json["moments"][0];
    assert_eq!((&judged["priority"], &judged["agent"], &judged["wait"]), (&5.into(), &"1001".into(), &20.0.into()));
    assert_eq!(judged["needs"], "billing >= 2");
    let by = &judged["judged_by"];
    assert_eq!((&by["agent"]["by"], &by["agent"]["rule"]["line"]), (&"sticky".into(), &11.into()));
    assert_eq!((&by["priority"]["by"], &by["needs"]["rule"]["line"]), (&"rule 1".into(), &12.into()));
}

#[test]
fn what_becomes_of_it_otherwise_is_told_and_documented() {
    let text = told_of(&house("", &["", ""]), |log| {
        ready(log, &[0]);
        offered(log, ANNA);
        ended(log, ANNA, OfferOutcome::Failed(Cause::new(CauseKind::Unreachable)));
        log.fact(&Fact::Warned {
            contact: contact(OURS),
            queue: QUEUE,
            expected: Some(Duration::from_secs(70)),
            length: 4,
        });
        let promise = Promise::anonymous(contact(OURS), QUEUE).into();
        log.fact(&Fact::Callback { contact: contact(OURS), step: CallbackStep::Withdrawn, attempts: 0, promise });
        given_up(log);
    });
    for phrase in [
        "offered to 1001 Anna after 0.0 s\n",
        "the offer to 1001 Anna ended: failed (unreachable)\n",
        "the caller was told that the wait for support is long: 4 in the line, 1 min 10 s expected\n",
        "the caller hung up after 2.0 s and 1 offer\n",
    ] {
        assert!(text.contains(phrase), "{phrase} in\n{text}");
    }
    let text = told_of(&house("", &["", ""]), |log| {
        queued(log);
        given_up(log);
    });
    assert!(text.contains("the caller hung up after 2.0 s, before it was offered to anybody\n"), "{text}");
}

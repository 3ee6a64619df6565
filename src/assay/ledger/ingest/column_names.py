"""What people call the columns of a trace.

Each key has groups of names, the surest first: a group is looked at only where none before it fits, and two columns of
one group leave the key open. Names are in lower case with underscores; ``inputTokens`` is looked up as input_tokens.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _groups(text: str) -> dict[str, tuple[frozenset[str], ...]]:
    # A key, then its groups, each after a bar; the lines of a key are indented.
    entries = [
        re.split(r"\s*\|\s*", entry) for entry in re.split(r"\n {4}(?=\w)", text) if entry.strip()
    ]
    return {key.strip(): tuple(map(_words, groups)) for key, *groups in entries}


NAMES: dict[str, tuple[frozenset[str], ...]] = _groups(
    """
    system
      | system
      | model llm deployment model_name model_id system_name agent agent_name engine provided_model_name
        deployment_name model_slug llm_name bot_name
    version
      | version
      | model_version system_version agent_version release deployment_version
    input
      | input
      | prompt question query request instruction user_input user_message user_prompt problem input_text
        prompt_text question_text user_query messages
    output
      | output
      | response completion prediction generation model_output model_response model_answer generated_text
        output_text response_text llm_output llm_response llm_answer actual_output reply predicted pred
        generated_answer predicted_answer bot_response assistant_response raw_output model_completion
    reference
      | reference
      | gold target expected ref_answer reference_answer ground_truth gold_answer golden_answer
        expected_output expected_answer correct_answer true_answer ideal solution gold_label truth
        answer_key
      | label correct
    task_id
      | task_id
      | id item item_id question_id doc_id sample_id example_id problem_id prompt_id qid test_id case_id
      | task index idx
    conversation_id
      | conversation_id
      | conversation session session_id thread_id chat_id dialogue_id dialog_id
    turn
      | turn
      | turn_index turn_id turn_number
    epoch
      | epoch
      | repeat repeat_index trial attempt
    reasoning
      | reasoning
      | chain_of_thought cot thinking thought rationale reasoning_content
    context
      | context
      | contexts documents retrieved_documents retrieval_context passages retrieved
    at
      | at
      | answered_at completed_at finished_at end_time completion_time ended_at
      | timestamp created_at datetime time ts created date_time time_stamp logged_at event_time create_time
      | started_at start_time request_at requested_at
      | date day
    latency_seconds
      | latency_seconds
      | latency duration elapsed elapsed_time response_time total_time time_taken wall_time runtime
        generation_time inference_time e2e_latency total_latency request_latency working_time
    cost_usd
      | cost_usd
      | cost total_cost price cost_total request_cost inference_cost
    prompt_tokens
      | prompt_tokens
      | input_tokens tokens_in prompt_token input_token prompt_token_count input_token_count
        num_prompt_tokens num_input_tokens n_prompt_tokens n_input_tokens tokens_prompt tokens_input
        query_token query_tokens
    completion_tokens
      | completion_tokens
      | output_tokens tokens_out completion_token output_token completion_token_count output_token_count
        num_completion_tokens num_output_tokens n_completion_tokens n_output_tokens tokens_completion
        tokens_output answer_token answer_tokens response_tokens generated_tokens
    trace_id
      | trace_id
      | uuid request_id response_id completion_id generation_id
    origin
      | origin
    """
)

RIGHT_NAMES = _words(
    """
    correct is_correct right is_right passed pass success succeeded acc accuracy exact_match em solved
    resolved correctness answered_correctly is_pass quasi_exact_match match
    """
)
WRONG_NAMES = _words(
    """
    wrong is_wrong error is_error has_error errors incorrect is_incorrect failed fail failure is_failure
    hallucination hallucinated is_hallucination is_hallucinated hallucinates has_hallucination
    error_probability mistake hallucination_probability p_error p_wrong
    """
)
OPEN_NAMES = _words(
    """
    label verdict grade rating judgment judgement evaluation eval result outcome score feedback ok valid
    """
)
"""Right or wrong, maybe: the name does not say which way, so only words as "correct" do."""


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_NAME = re.compile(r"[^0-9a-z]+")
_JUDGE_WORD = re.compile(
    r"(humans?|persons?|annotators?|annotated|reviewers?|labels?|labell?ed|experts?|judges?|judged|llm|gpt\w*|models?|"
    r"graders?|graded|by|the|v?\d+\w?|mini|claude|gemini|llama)"
)
_UNIT = {
    "s": "latency_seconds",
    "sec": "latency_seconds",
    "secs": "latency_seconds",
    "seconds": "latency_seconds",
    "ms": "latency_ms",
    "msec": "latency_ms",
    "millis": "latency_ms",
    "milliseconds": "latency_ms",
    "us": "latency_us",
    "micros": "latency_us",
    "microseconds": "latency_us",
    "ns": "latency_ns",
    "nanos": "latency_ns",
    "nanoseconds": "latency_ns",
}
_DOLLARS = re.compile(r"_(in_)?(usd|dollars)$|^usd_")


def plain_name(column: str) -> str:
    """Return a column's name in lower case with underscores.

    Examples
    --------
    >>> [plain_name(name) for name in ("inputTokens", "Question ID", "usage.prompt-tokens")]
    ['input_tokens', 'question_id', 'usage_prompt_tokens']
    """
    return _NOT_NAME.sub("_", _CAMEL.sub("_", column).lower()).strip("_")


def latency_unit(name: str) -> tuple[str, str]:
    """Return a plain name without its unit of time, and the key of the unit; an empty key where there is none.

    Examples
    --------
    >>> latency_unit("latency_ms"), latency_unit("duration")
    (('latency', 'latency_ms'), ('duration', ''))
    """
    stem, _, unit = name.rpartition("_")
    if stem and unit in _UNIT:
        return stem, _UNIT[unit]
    return name, ""


def without_dollars(name: str) -> str:
    """Return the plain name of a cost without its currency.

    Examples
    --------
    >>> without_dollars("total_cost_usd"), without_dollars("cost_eur")
    ('total_cost', 'cost_eur')
    """
    return _DOLLARS.sub("", name)


def without_judge(name: str) -> str:
    """Return a plain name without the words that say who judges.

    Examples
    --------
    >>> [without_judge(name) for name in ("human_correct", "gpt_4_is_wrong", "human_label")]
    ['correct', 'is_wrong', '']
    """
    return "_".join(word for word in name.split("_") if not _JUDGE_WORD.fullmatch(word))

"""Text and audio models of Transformers, and hand-written networks over sequences."""

import torch
import torch.nn.functional as F
import transformers as T
from torch import nn

from .spec import BATCH, Output, Spec, words

D = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
TEXT = dict(**D, vocab_size=96, max_position_embeddings=40)
HEAD = dict(num_labels=5)


def decoder(cls, config, **kw):
    """A causal language model over `input_ids` and `attention_mask`."""
    return words(cls(config), use_cache=False, fixed_in_dynamo=True, **kw)


def gqa(**more):
    return dict(**TEXT, num_key_value_heads=2, head_dim=8, pad_token_id=0, bos_token_id=1, eos_token_id=2, **more)


class TCN(nn.Module):
    """Dilated causal 1-D convolutions with weight norm and residuals."""

    def __init__(self):
        super().__init__()
        norm = nn.utils.parametrizations.weight_norm
        self.convs = nn.ModuleList(norm(nn.Conv1d(4 if i == 0 else 12, 12, 3, dilation=2**i)) for i in range(3))
        self.side = nn.Conv1d(4, 12, 1)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        skip = self.side(x)
        for i, conv in enumerate(self.convs):
            x = F.relu(conv(F.pad(x, (2 * 2**i, 0))))
            x = x + skip if i == 0 else x
        return self.head(x[..., -1])


class Tagger(nn.Module):
    """Embedding, bidirectional recurrence over two layers, a score per token."""

    def __init__(self, cls, **kw):
        super().__init__()
        self.embed = nn.Embedding(40, 12, padding_idx=0)
        self.rnn = cls(12, 8, num_layers=2, bidirectional=True, batch_first=True, **kw)
        self.head = nn.Linear(16, 5)

    def forward(self, input_ids):
        return self.head(self.rnn(self.embed(input_ids))[0])


class Last(nn.Module):
    """One direction, time first, the last hidden state, with an initial state that is learned."""

    def __init__(self, cls):
        super().__init__()
        self.rnn = cls(6, 8)
        self.start = nn.Parameter(torch.randn(1, 1, 8))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        start = self.start.expand(-1, x.shape[0], -1).contiguous()
        state = (start, start * 0.5) if isinstance(self.rnn, nn.LSTM) else start
        out, last = self.rnn(x.transpose(0, 1), state)
        last = last[0] if isinstance(last, tuple) else last
        return self.head(last[-1] + out.mean(0))


class Encoder(nn.Module):
    """nn.TransformerEncoder with a padding mask."""

    def __init__(self, norm_first):
        super().__init__()
        self.embed, self.position = nn.Embedding(40, 24), nn.Embedding(20, 24)
        layer = nn.TransformerEncoderLayer(24, 4, 32, activation="gelu", batch_first=True, norm_first=norm_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(24, 5)

    def forward(self, input_ids, attention_mask):
        x = self.embed(input_ids) + self.position(torch.arange(input_ids.shape[1]))
        x = self.encoder(x, src_key_padding_mask=attention_mask == 0)
        weight = attention_mask[..., None].to(x.dtype)
        return self.head((x * weight).sum(1) / weight.sum(1).clamp(min=1e-9))


def tokens(module, mask=False, **kw):
    ids = {"input_ids": torch.randint(1, 40, (BATCH, 9))}
    if mask:
        ids["attention_mask"] = torch.ones(BATCH, 9, dtype=torch.int64)
        ids["attention_mask"][1, 6:] = 0
    return Spec(module, ids, {k: {1: "sequence"} for k in ids}, **kw)


def sentence(out):
    """Mean over all tokens, as sentence encoders do."""
    return F.normalize(out.last_hidden_state.mean(1), p=2, dim=1)


def audio(model, pick="logits", length=400, **kw):
    return Spec(Output(model, ["input_values"], pick), {"input_values": torch.randn(BATCH, length)}, **kw)


WAVE = dict(**D, conv_dim=[8, 8], conv_kernel=[10, 3], conv_stride=[5, 2], num_feat_extract_layers=2, num_conv_pos_embeddings=8,
            num_conv_pos_embedding_groups=4, vocab_size=20, apply_spec_augment=False, mask_time_prob=0.0)

SEQUENCES = {
    "deberta_v2": lambda: words(T.DebertaV2ForSequenceClassification(T.DebertaV2Config(**TEXT, relative_attention=True, position_buckets=8, pos_att_type=["p2c", "c2p"], norm_rel_ebd="layer_norm", share_att_key=True, position_biased_input=False, type_vocab_size=0, **HEAD))),
    "deberta_v2_conv": lambda: words(T.DebertaV2ForTokenClassification(T.DebertaV2Config(**TEXT, relative_attention=True, pos_att_type=["p2c", "c2p"], conv_kernel_size=3, conv_act="gelu", type_vocab_size=2, **HEAD))),
    "deberta": lambda: words(T.DebertaForSequenceClassification(T.DebertaConfig(**TEXT, relative_attention=True, pos_att_type=["p2c", "c2p"], max_relative_positions=8, **HEAD))),
    "albert": lambda: words(T.AlbertForSequenceClassification(T.AlbertConfig(**TEXT, embedding_size=16, **HEAD)), types=True),
    "albert_mlm": lambda: words(T.AlbertForMaskedLM(T.AlbertConfig(**TEXT, embedding_size=16))),
    "electra": lambda: words(T.ElectraForSequenceClassification(T.ElectraConfig(**TEXT, embedding_size=16, **HEAD))),
    "electra_tokens": lambda: words(T.ElectraForTokenClassification(T.ElectraConfig(**TEXT, embedding_size=16, **HEAD)), types=True),
    "mpnet": lambda: words(T.MPNetForSequenceClassification(T.MPNetConfig(**TEXT, **HEAD))),
    "mpnet_sentence": lambda: words(T.MPNetModel(T.MPNetConfig(**TEXT)), sentence, loss="half_mse"),
    "t5_encoder": lambda: words(T.T5EncoderModel(T.T5Config(vocab_size=96, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4)), "last_hidden_state", loss="half_mse"),
    "t5_gated": lambda: words(T.T5EncoderModel(T.T5Config(vocab_size=96, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu")), "last_hidden_state", loss="half_mse"),
    "xlm_roberta": lambda: words(T.XLMRobertaForSequenceClassification(T.XLMRobertaConfig(**TEXT, **HEAD))),
    "xlm_roberta_qa": lambda: words(T.XLMRobertaForQuestionAnswering(T.XLMRobertaConfig(**TEXT)), "start_logits"),
    "modernbert": lambda: words(T.ModernBertForSequenceClassification(T.ModernBertConfig(**TEXT, local_attention=4, global_attn_every_n_layers=2, pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2, **HEAD))),
    "siglip_text": lambda: words(T.SiglipTextModel(T.SiglipTextConfig(**{**TEXT, "max_position_embeddings": 16}, projection_size=32)), "pooler_output", mask=False, loss="half_mse"),
    "clip_text": lambda: words(T.CLIPTextModelWithProjection(T.CLIPTextConfig(**{**TEXT, "max_position_embeddings": 16}, projection_dim=16, eos_token_id=95, bos_token_id=1, pad_token_id=0)), "text_embeds", loss="half_mse"),
    "clip_text_argmax": lambda: words(T.CLIPTextModelWithProjection(T.CLIPTextConfig(**{**TEXT, "max_position_embeddings": 16}, projection_dim=16, eos_token_id=2)), "text_embeds", mask=False, loss="half_mse"),
    "bert_mlm": lambda: words(T.BertForMaskedLM(T.BertConfig(**TEXT)), types=True),
    "bert_plain_init": lambda: words(T.BertForSequenceClassification(T.BertConfig(**TEXT, **HEAD)), perturb=False),
    "minilm_sentence": lambda: words(T.BertModel(T.BertConfig(**TEXT)), sentence, loss="half_mse", types=True),
    "funnel": lambda: words(T.FunnelForSequenceClassification(T.FunnelConfig(vocab_size=96, block_sizes=[1, 1], d_model=32, n_head=4, d_head=8, d_inner=48, **HEAD)), types=True),
    "roformer": lambda: words(T.RoFormerForSequenceClassification(T.RoFormerConfig(**TEXT, embedding_size=16, **HEAD))),
    "squeezebert": lambda: words(T.SqueezeBertForSequenceClassification(T.SqueezeBertConfig(**TEXT, embedding_size=32, q_groups=2, k_groups=2, v_groups=2, post_attention_groups=1, intermediate_groups=4, output_groups=4, **HEAD))),
    "mobilebert": lambda: words(T.MobileBertForSequenceClassification(T.MobileBertConfig(**TEXT, embedding_size=16, intra_bottleneck_size=16, true_hidden_size=16, **HEAD))),
    "convbert": lambda: words(T.ConvBertForSequenceClassification(T.ConvBertConfig(**TEXT, embedding_size=16, conv_kernel_size=3, head_ratio=2, **HEAD))),
    "nystromformer": lambda: words(T.NystromformerForSequenceClassification(T.NystromformerConfig(**TEXT, num_landmarks=4, segment_means_seq_len=12, conv_kernel_size=3, **HEAD))),
    "layoutlm": lambda: words(T.LayoutLMForSequenceClassification(T.LayoutLMConfig(**TEXT, **HEAD))),
    "ernie": lambda: words(T.ErnieForSequenceClassification(T.ErnieConfig(**TEXT, use_task_id=True, **HEAD))),
    "xlnet": lambda: words(T.XLNetForSequenceClassification(T.XLNetConfig(vocab_size=96, d_model=32, n_layer=2, n_head=4, d_inner=48, **HEAD))),
    "bart_encoder": lambda: words(T.BartModel(T.BartConfig(vocab_size=96, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, max_position_embeddings=40)), "last_hidden_state", loss="half_mse", use_cache=False),
    "t5_full": lambda: Spec(Output(T.T5ForConditionalGeneration(T.T5Config(vocab_size=96, d_model=32, d_kv=8, d_ff=48, num_layers=1, num_heads=4, decoder_start_token_id=0)), ["input_ids", "decoder_input_ids"], use_cache=False), {"input_ids": torch.randint(3, 96, (BATCH, 9)), "decoder_input_ids": torch.randint(3, 96, (BATCH, 6))}),
    "gpt_neox": lambda: decoder(T.GPTNeoXForCausalLM, T.GPTNeoXConfig(**TEXT, rotary_pct=0.5, use_cache=False)),
    "gpt_neox_parallel": lambda: decoder(T.GPTNeoXForSequenceClassification, T.GPTNeoXConfig(**TEXT, use_parallel_residual=False, pad_token_id=0, use_cache=False, **HEAD)),
    "qwen2": lambda: decoder(T.Qwen2ForCausalLM, T.Qwen2Config(**gqa())),
    "qwen3": lambda: decoder(T.Qwen3ForCausalLM, T.Qwen3Config(**gqa(tie_word_embeddings=True))),
    "gemma": lambda: decoder(T.GemmaForCausalLM, T.GemmaConfig(**gqa())),
    "gemma2": lambda: decoder(T.Gemma2ForCausalLM, T.Gemma2Config(**gqa(query_pre_attn_scalar=8, sliding_window=4))),
    "gemma3": lambda: decoder(T.Gemma3ForCausalLM, T.Gemma3TextConfig(**gqa(query_pre_attn_scalar=8, sliding_window=4))),
    "mistral": lambda: decoder(T.MistralForCausalLM, T.MistralConfig(**gqa(sliding_window=6))),
    "phi": lambda: decoder(T.PhiForCausalLM, T.PhiConfig(**TEXT, partial_rotary_factor=0.5)),
    "bloom": lambda: decoder(T.BloomForCausalLM, T.BloomConfig(vocab_size=96, hidden_size=32, n_layer=2, n_head=4)),
    "opt": lambda: decoder(T.OPTForCausalLM, T.OPTConfig(vocab_size=96, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_dim=48, max_position_embeddings=40, word_embed_proj_dim=16)),
    "gpt_neo": lambda: decoder(T.GPTNeoForCausalLM, T.GPTNeoConfig(vocab_size=96, hidden_size=32, num_layers=2, num_heads=4, intermediate_size=48, max_position_embeddings=40, attention_types=[[["global", "local"], 1]], window_size=4)),
    "falcon": lambda: decoder(T.FalconForCausalLM, T.FalconConfig(vocab_size=96, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, new_decoder_architecture=False, multi_query=True)),
    "mixtral": lambda: decoder(T.MixtralForCausalLM, T.MixtralConfig(**gqa(num_local_experts=3, num_experts_per_tok=2))),
    "mamba": lambda: words(T.MambaForCausalLM(T.MambaConfig(vocab_size=96, hidden_size=16, num_hidden_layers=2, state_size=4, use_cache=False)), mask=False),
    "wav2vec2": lambda: audio(T.Wav2Vec2ForCTC(T.Wav2Vec2Config(**WAVE))),
    "wav2vec2_stable": lambda: audio(T.Wav2Vec2ForSequenceClassification(T.Wav2Vec2Config(**WAVE, do_stable_layer_norm=True, feat_extract_norm="layer", classifier_proj_size=12, **HEAD))),
    "hubert": lambda: audio(T.HubertForCTC(T.HubertConfig(**WAVE))),
    "wavlm": lambda: audio(T.WavLMForSequenceClassification(T.WavLMConfig(**WAVE, classifier_proj_size=12, num_buckets=16, max_bucket_distance=40, **HEAD))),
    "ast": lambda: Spec(Output(T.ASTForAudioClassification(T.ASTConfig(**D, patch_size=8, frequency_stride=6, time_stride=6, max_length=32, num_mel_bins=16, **HEAD)), ["input_values"]), {"input_values": torch.randn(BATCH, 32, 16)}),
    "tcn": lambda: Spec(TCN(), {"x": torch.randn(BATCH, 4, 16)}),
    "gru_tagger": lambda: tokens(Tagger(nn.GRU)),
    "lstm_tagger": lambda: tokens(Tagger(nn.LSTM)),
    "lstm_no_bias": lambda: tokens(Tagger(nn.LSTM, bias=False)),
    "rnn_tagger": lambda: tokens(Tagger(nn.RNN, nonlinearity="relu")),
    "lstm_last": lambda: Spec(Last(nn.LSTM), {"x": torch.randn(BATCH, 7, 6)}),
    "gru_last": lambda: Spec(Last(nn.GRU), {"x": torch.randn(BATCH, 7, 6)}),
    "torch_encoder": lambda: tokens(Encoder(False), mask=True),
    "torch_encoder_pre": lambda: tokens(Encoder(True), mask=True),
}

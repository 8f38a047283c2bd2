"""Further models of Transformers: pairs of towers, sequence to sequence, detection, depth, video, time series."""

import torch
import transformers as T

from .pixels import SMALL
from .sequences import D, TEXT, decoder, gqa
from .spec import BATCH, Output, Spec, pixels, words

HEAD = dict(num_labels=5)
TOWER = dict(**{**TEXT, "max_position_embeddings": 16})
EDGE = dict(encoder_layers=1, decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48)


def pair(model, pick="logits_per_image", mask=True, **kw):
    """An image-text model; the loss is over the similarities of the batch."""
    inputs = {"input_ids": torch.randint(3, 90, (BATCH, 9)), "pixel_values": torch.randn(BATCH, 3, 32, 32)}
    if mask:
        inputs["attention_mask"] = torch.ones(BATCH, 9, dtype=torch.int64)
        inputs["attention_mask"][1, 6:] = 0
    options = {k: kw.pop(k) for k in list(kw) if k in ("loss", "class_axis", "static")}
    dynamic = {k: {1: "sequence"} for k in inputs if k != "pixel_values"}
    return Spec(Output(model, list(inputs), pick, **kw), inputs, dynamic, **options)


def translate(cls, config, **kw):
    """A sequence-to-sequence model with its target given."""
    inputs = {"input_ids": torch.randint(3, 90, (BATCH, 9)), "attention_mask": torch.ones(BATCH, 9, dtype=torch.int64), "decoder_input_ids": torch.randint(3, 90, (BATCH, 6))}
    return Spec(Output(cls(config), list(inputs), use_cache=False), inputs, {k: {1: "target" if "decoder" in k else "source"} for k in inputs}, **kw)


def values(model, name, *shape, pick="logits", **kw):
    """A model over one float tensor."""
    options = {k: kw.pop(k) for k in list(kw) if k in ("loss", "class_axis", "static")}
    return Spec(Output(model, [name], pick, **kw), {name: torch.randn(BATCH, *shape)}, **options)


FURTHER = {
    "clip_pair": lambda: pair(T.CLIPModel(T.CLIPConfig(text_config=dict(**TOWER, eos_token_id=2), vision_config=SMALL, projection_dim=16))),
    "siglip_pair": lambda: pair(T.SiglipModel(T.SiglipConfig(text_config=dict(**TOWER, projection_size=32), vision_config=SMALL)), mask=False),
    "chinese_clip": lambda: pair(T.ChineseCLIPModel(T.ChineseCLIPConfig(text_config=TEXT, vision_config=SMALL, projection_dim=16))),
    "blip_text_image": lambda: pair(T.BlipForImageTextRetrieval(T.BlipConfig(text_config=dict(**TEXT, encoder_hidden_size=32), vision_config=SMALL, projection_dim=16)), pick="itm_score"),
    "vilt": lambda: pair(T.ViltForQuestionAnswering(T.ViltConfig(**SMALL, vocab_size=96, max_position_embeddings=40, num_labels=5)), pick="logits"),
    "clipseg": lambda: pair(T.CLIPSegForImageSegmentation(T.CLIPSegConfig(text_config=TOWER, vision_config=SMALL, projection_dim=16, reduce_dim=8, extract_layers=[0, 1], decoder_num_attention_heads=2, decoder_intermediate_size=16)), pick="logits", loss="half_mse"),
    "owlvit": lambda: pair(T.OwlViTModel(T.OwlViTConfig(text_config=TOWER, vision_config=SMALL, projection_dim=16))),
    "git": lambda: pair(T.GitForCausalLM(T.GitConfig(**TEXT, vision_config=SMALL)), pick=lambda o: o.logits[:, -9:], use_cache=False),
    "marian": lambda: translate(T.MarianMTModel, T.MarianConfig(vocab_size=96, d_model=32, max_position_embeddings=40, pad_token_id=0, decoder_start_token_id=0, **EDGE)),
    "pegasus": lambda: translate(T.PegasusForConditionalGeneration, T.PegasusConfig(vocab_size=96, d_model=32, max_position_embeddings=40, **EDGE)),
    "m2m": lambda: translate(T.M2M100ForConditionalGeneration, T.M2M100Config(vocab_size=96, d_model=32, max_position_embeddings=40, **EDGE)),
    "whisper_full": lambda: Spec(Output(T.WhisperForConditionalGeneration(T.WhisperConfig(vocab_size=96, d_model=32, num_mel_bins=8, max_source_positions=20, max_target_positions=20, pad_token_id=0, decoder_start_token_id=1, bos_token_id=1, eos_token_id=2, suppress_tokens=None, begin_suppress_tokens=None, **EDGE)), ["input_features", "decoder_input_ids"], use_cache=False), {"input_features": torch.randn(BATCH, 8, 40), "decoder_input_ids": torch.randint(3, 90, (BATCH, 6))}),
    "speech_to_text": lambda: Spec(Output(T.Speech2TextForConditionalGeneration(T.Speech2TextConfig(vocab_size=96, d_model=32, input_feat_per_channel=8, conv_channels=16, max_source_positions=60, max_target_positions=40, **EDGE)), ["input_features", "decoder_input_ids"], use_cache=False), {"input_features": torch.randn(BATCH, 32, 8), "decoder_input_ids": torch.randint(3, 90, (BATCH, 6))}),
    "trocr_decoder": lambda: words(T.TrOCRForCausalLM(T.TrOCRConfig(vocab_size=96, d_model=32, decoder_layers=2, decoder_attention_heads=4, decoder_ffn_dim=48, max_position_embeddings=40, cross_attention_hidden_size=32)), use_cache=False),
    "sew": lambda: values(T.SEWForCTC(T.SEWConfig(**D, conv_dim=[8, 8], conv_kernel=[10, 3], conv_stride=[5, 2], squeeze_factor=2, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4, vocab_size=20, apply_spec_augment=False)), "input_values", 400),
    "unispeech_sat": lambda: values(T.UniSpeechSatForSequenceClassification(T.UniSpeechSatConfig(**D, conv_dim=[8, 8], conv_kernel=[10, 3], conv_stride=[5, 2], num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4, classifier_proj_size=12, apply_spec_augment=False, **HEAD)), "input_values", 400),
    "wav2vec2_conformer": lambda: values(T.Wav2Vec2ConformerForCTC(T.Wav2Vec2ConformerConfig(**D, conv_dim=[8, 8], conv_kernel=[10, 3], conv_stride=[5, 2], num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4, vocab_size=20, apply_spec_augment=False, conv_depthwise_kernel_size=3)), "input_values", 400),
    "encodec": lambda: values(T.EncodecModel(T.EncodecConfig(num_filters=4, hidden_size=8, upsampling_ratios=[2, 2], num_lstm_layers=1, codebook_size=16)).encoder, "hidden_states", 1, 64, pick=lambda o: o, loss="half_mse"),
    "patchtst": lambda: values(T.PatchTSTForPrediction(T.PatchTSTConfig(num_input_channels=2, context_length=16, patch_length=4, patch_stride=4, prediction_length=4, d_model=16, num_hidden_layers=2, num_attention_heads=2, ffn_dim=24, loss="mse")), "past_values", 16, 2, pick="prediction_outputs", loss="half_mse"),
    "patchtsmixer": lambda: values(T.PatchTSMixerForPrediction(T.PatchTSMixerConfig(num_input_channels=2, context_length=16, patch_length=4, patch_stride=4, prediction_length=4, d_model=8, num_layers=2, loss="mse")), "past_values", 16, 2, pick="prediction_outputs", loss="half_mse"),
    "videomae": lambda: values(T.VideoMAEForVideoClassification(T.VideoMAEConfig(**SMALL, num_frames=4, tubelet_size=2, **HEAD)), "pixel_values", 4, 3, 32, 32),
    "vivit": lambda: values(T.VivitForVideoClassification(T.VivitConfig(**{k: v for k, v in SMALL.items() if k != "patch_size"}, num_frames=4, tubelet_size=[2, 8, 8], **HEAD)), "pixel_values", 4, 3, 32, 32),
    "timesformer": lambda: values(T.TimesformerForVideoClassification(T.TimesformerConfig(**SMALL, num_frames=2, **HEAD)), "pixel_values", 2, 3, 32, 32),
    "glpn": lambda: pixels(T.GLPNForDepthEstimation(T.GLPNConfig(num_encoder_blocks=4, depths=[1, 1, 1, 1], sr_ratios=[2, 1, 1, 1], hidden_sizes=[8, 8, 12, 12], num_attention_heads=[1, 1, 2, 2], mlp_ratios=[2, 2, 2, 2], decoder_hidden_size=8)), "predicted_depth", loss="half_mse"),
    "depth_anything": lambda: pixels(T.DepthAnythingForDepthEstimation(T.DepthAnythingConfig(backbone_config=T.Dinov2Config(**{**SMALL, "num_hidden_layers": 4}, mlp_ratio=2, out_indices=[1, 2, 3, 4], reshape_hidden_states=False), patch_size=8, reassemble_hidden_size=32, neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8, head_hidden_size=8)), "predicted_depth", loss="half_mse"),
    "superpoint_scores": lambda: pixels(T.SuperPointForKeypointDetection(T.SuperPointConfig(encoder_hidden_sizes=[8, 8, 8, 8], decoder_hidden_size=16, descriptor_decoder_dim=16)).encoder, lambda o: o.last_hidden_state, channels=1, loss="half_mse"),
    "vitmatte": lambda: pixels(T.VitMatteForImageMatting(T.VitMatteConfig(backbone_config=T.VitDetConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8, num_channels=4, mlp_ratio=2, window_size=2, use_relative_position_embeddings=True, out_features=["stage2"], window_block_indices=[0], residual_block_indices=[1]), hidden_size=16, convstream_hidden_sizes=[8, 8, 12], fusion_hidden_sizes=[16, 12, 8, 8])), "alphas", channels=4, loss="half_mse"),
    "segformer_seg": lambda: pixels(T.SegformerForSemanticSegmentation(T.SegformerConfig(num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 16], num_attention_heads=[1, 2], patch_sizes=[7, 3], strides=[4, 2], mlp_ratios=[2, 2], decoder_hidden_size=16, num_labels=4)), class_axis=1),
    "beit_seg": lambda: pixels(T.BeitForSemanticSegmentation(T.BeitConfig(**{**SMALL, "num_hidden_layers": 4}, use_relative_position_bias=True, out_indices=[1, 2, 3, 4], pool_scales=[1, 2], use_auxiliary_head=False, num_labels=4)), class_axis=1),
    "mpt": lambda: decoder(T.MptForCausalLM, T.MptConfig(d_model=32, n_heads=4, n_layers=2, vocab_size=96, max_seq_len=40, expansion_ratio=2)),
    "gptj": lambda: decoder(T.GPTJForCausalLM, T.GPTJConfig(vocab_size=96, n_embd=32, n_layer=2, n_head=4, n_positions=40, rotary_dim=4)),
    "codegen": lambda: decoder(T.CodeGenForCausalLM, T.CodeGenConfig(vocab_size=96, n_embd=32, n_layer=2, n_head=4, n_positions=40, n_ctx=40, rotary_dim=4)),
    "biogpt": lambda: decoder(T.BioGptForCausalLM, T.BioGptConfig(**TEXT)),
    "xglm": lambda: decoder(T.XGLMForCausalLM, T.XGLMConfig(vocab_size=96, d_model=32, ffn_dim=48, num_layers=2, attention_heads=4, max_position_embeddings=40)),
    "openai_gpt": lambda: words(T.OpenAIGPTLMHeadModel(T.OpenAIGPTConfig(vocab_size=96, n_embd=32, n_layer=2, n_head=4, n_positions=40))),
    "ctrl": lambda: words(T.CTRLLMHeadModel(T.CTRLConfig(vocab_size=96, n_embd=32, n_layer=2, n_head=4, n_positions=40, dff=48)), use_cache=False),
    "olmo2": lambda: decoder(T.Olmo2ForCausalLM, T.Olmo2Config(**gqa())),
    "cohere": lambda: decoder(T.CohereForCausalLM, T.CohereConfig(**gqa(use_qk_norm=True))),
    "starcoder2": lambda: decoder(T.Starcoder2ForCausalLM, T.Starcoder2Config(**gqa())),
    "stablelm": lambda: decoder(T.StableLmForCausalLM, T.StableLmConfig(**{k: v for k, v in gqa().items() if k != "head_dim"})),
    "phi3": lambda: decoder(T.Phi3ForCausalLM, T.Phi3Config(**{k: v for k, v in gqa().items() if k != "head_dim"})),
    "granite": lambda: decoder(T.GraniteForCausalLM, T.GraniteConfig(**gqa())),
    "nemotron": lambda: decoder(T.NemotronForCausalLM, T.NemotronConfig(**gqa())),
    "smollm3": lambda: decoder(T.SmolLM3ForCausalLM, T.SmolLM3Config(**gqa())),
    "gpt_bigcode": lambda: decoder(T.GPTBigCodeForCausalLM, T.GPTBigCodeConfig(vocab_size=96, n_embd=32, n_layer=2, n_head=4, n_positions=40)),
    "rembert": lambda: words(T.RemBertForSequenceClassification(T.RemBertConfig(**TEXT, input_embedding_size=16, output_embedding_size=16, **HEAD))),
    "megatron_bert": lambda: words(T.MegatronBertForSequenceClassification(T.MegatronBertConfig(**TEXT, **HEAD))),
    "longformer": lambda: words(T.LongformerForSequenceClassification(T.LongformerConfig(**TEXT, attention_window=[4, 4], **HEAD))),
    "big_bird": lambda: words(T.BigBirdForSequenceClassification(T.BigBirdConfig(**TEXT, attention_type="original_full", **HEAD))),
    "canine": lambda: words(T.CanineForSequenceClassification(T.CanineConfig(**{**TEXT, "max_position_embeddings": 40}, num_hash_buckets=32, num_hash_functions=4, local_transformer_stride=8, downsampling_rate=2, **HEAD)), length=16),
    "fnet": lambda: words(T.FNetForSequenceClassification(T.FNetConfig(**TEXT, **HEAD)), mask=False),
    "ibert": lambda: words(T.IBertForSequenceClassification(T.IBertConfig(**TEXT, **HEAD))),
    "esm": lambda: words(T.EsmForSequenceClassification(T.EsmConfig(**TEXT, pad_token_id=1, position_embedding_type="rotary", token_dropout=False, **HEAD))),
    "nomic_bert": lambda: words(T.NomicBertModel(T.NomicBertConfig(**TEXT)), "last_hidden_state", loss="half_mse"),
    "umt5_encoder": lambda: words(T.UMT5EncoderModel(T.UMT5Config(vocab_size=96, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4)), "last_hidden_state", loss="half_mse"),
    "xmod": lambda: words(T.XmodForSequenceClassification(T.XmodConfig(**TEXT, languages=["en_XX"], default_language="en_XX", **HEAD))),
    "luke": lambda: words(T.LukeForSequenceClassification(T.LukeConfig(**TEXT, entity_vocab_size=20, entity_emb_size=16, **HEAD))),
    "perceiver": lambda: words(T.PerceiverForSequenceClassification(T.PerceiverConfig(vocab_size=96, max_position_embeddings=12, num_latents=6, d_latents=16, d_model=16, num_blocks=1, num_self_attends_per_block=1, num_self_attention_heads=2, num_cross_attention_heads=2, **HEAD))),
    "prophetnet_encoder": lambda: words(T.ProphetNetEncoder(T.ProphetNetConfig(vocab_size=96, hidden_size=32, encoder_ffn_dim=48, num_encoder_layers=2, num_encoder_attention_heads=4, max_position_embeddings=40)), "last_hidden_state", loss="half_mse"),
    "rwkv": lambda: words(T.RwkvForCausalLM(T.RwkvConfig(vocab_size=96, hidden_size=16, attention_hidden_size=16, num_hidden_layers=1, context_length=16)), mask=False, length=6, use_cache=False),
    "textnet": lambda: pixels(T.TextNetForImageClassification(T.TextNetConfig(stem_out_channels=8, conv_layer_kernel_sizes=[[[3, 3]], [[3, 1]], [[1, 3]], [[3, 3]]], conv_layer_strides=[[2], [2], [1], [1]], hidden_sizes=[8, 8, 12, 12, 16], **HEAD))),
    "hgnet_v2": lambda: pixels(T.HGNetV2ForImageClassification(T.HGNetV2Config(embedding_size=8, stem_channels=[3, 8, 8], hidden_sizes=[16, 24], depths=[1, 1], stage_in_channels=[8, 16], stage_mid_channels=[8, 8], stage_out_channels=[16, 24], stage_num_blocks=[1, 1], stage_downsample=[False, True], stage_light_block=[False, True], stage_kernel_size=[3, 5], stage_numb_of_layers=[2, 2], **HEAD))),
    "vit_mae": lambda: pixels(T.ViTMAEModel(T.ViTMAEConfig(**SMALL, mask_ratio=0.0)), "last_hidden_state", loss="half_mse"),
    "imagegpt": lambda: words(T.ImageGPTForImageClassification(T.ImageGPTConfig(vocab_size=96, n_positions=40, n_embd=16, n_layer=2, n_head=2, **HEAD)), mask=False, use_cache=False),
    "table_transformer": lambda: values(T.TableTransformerModel(T.TableTransformerConfig(use_timm_backbone=False, backbone_config=T.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", out_features=["stage2"]), d_model=16, num_queries=3, **{k: v for k, v in EDGE.items()})), "pixel_values", 3, 32, 32, pick="last_hidden_state", loss="half_mse"),
}

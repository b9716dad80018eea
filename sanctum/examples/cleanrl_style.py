"""A script in CleanRL's manner, attached by its one changed import: a walker leaves a corridor.

python cleanrl_style.py --total-timesteps 20000
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn, optim
from torch.distributions import Categorical

# from torch.utils.tensorboard import SummaryWriter
from sanctum.adapters.tensorboard import SummaryWriter


def parse_args():
    """The script's settings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--exp-name", default=Path(__file__).stem)
    parser.add_argument("--env-id", default="Corridor-v0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--total-timesteps", type=int, default=20_000)
    parser.add_argument("--learning-rate", type=float, default=1e-2)
    parser.add_argument("--num-envs", type=int, default=8)
    parser.add_argument("--num-steps", type=int, default=64)
    parser.add_argument("--ent-coef", type=float, default=0.01)
    return parser.parse_args()


class Corridor:
    """Walkers between a cold end (0) and a warm one (9): each step costs, the warm end pays."""

    def __init__(self, num_envs):
        self.place, self.length = np.full(num_envs, 4), np.zeros(num_envs, int)
        self.total = np.zeros(num_envs)

    def observe(self):
        """Where each walker is, one of ten."""
        return torch.eye(10)[torch.as_tensor(self.place)]

    def step(self, action):
        """Go left (0) or right (1); gives rewards, ends, and (return, length) of what ended."""
        self.place = self.place + 2 * action - 1
        self.length += 1
        done = (self.place < 0) | (self.place > 9) | (self.length == 50)
        reward = np.where(self.place > 9, 1.0, -0.02)
        self.total += reward
        ended = list(zip(self.total[done], self.length[done], strict=True))
        self.place[done], self.length[done], self.total[done] = 4, 0, 0.0
        return reward, done, ended


if __name__ == "__main__":
    args = parse_args()
    run_name = f"{args.env_id}__{args.exp_name}__{args.seed}__{int(time.time())}"
    writer = SummaryWriter(f"runs/{run_name}")
    settings = "\n".join(f"|{key}|{value}|" for key, value in vars(args).items())
    writer.add_text("hyperparameters", f"|param|value|\n|-|-|\n{settings}")
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)

    envs, agent = Corridor(args.num_envs), nn.Linear(10, 3)
    optimizer = optim.Adam(agent.parameters(), lr=args.learning_rate)
    global_step, start_time = 0, time.time()
    for _ in range(args.total_timesteps // (args.num_envs * args.num_steps)):
        rollout = []
        for _ in range(args.num_steps):
            global_step += args.num_envs
            obs = envs.observe()
            with torch.no_grad():
                out = agent(obs)
            probs = Categorical(logits=out[:, :2])
            action = probs.sample()
            reward, done, ended = envs.step(action.numpy())
            signal = torch.as_tensor(reward).float(), torch.as_tensor(~done).float()
            rollout.append((obs, action, probs.log_prob(action), out[:, 2], *signal))
            for episodic_return, episodic_length in ended:
                writer.add_scalar("charts/episodic_return", episodic_return, global_step)
                writer.add_scalar("charts/episodic_length", episodic_length, global_step)

        with torch.no_grad():
            later = agent(envs.observe())[:, 2]
        obs, action, logprob, value, reward, goes_on = map(torch.stack, zip(*rollout, strict=True))
        returns = torch.zeros_like(reward)
        for t in reversed(range(args.num_steps)):
            later = returns[t] = reward[t] + 0.95 * goes_on[t] * later
        advantage = returns - value
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        for _ in range(4):
            out = agent(obs)
            probs = Categorical(logits=out[..., :2])
            logratio = probs.log_prob(action) - logprob
            ratio = logratio.exp()
            pg_loss = -torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()
            v_loss = 0.5 * (out[..., 2] - returns).square().mean()
            entropy = probs.entropy().mean()
            optimizer.zero_grad()
            (pg_loss + 0.5 * v_loss - args.ent_coef * entropy).backward()
            optimizer.step()

        explained_variance = 1 - (returns - value).var() / returns.var()
        writer.add_scalar("charts/learning_rate", args.learning_rate, global_step)
        writer.add_scalar("losses/value_loss", v_loss.item(), global_step)
        writer.add_scalar("losses/policy_loss", pg_loss.item(), global_step)
        writer.add_scalar("losses/entropy", entropy.item(), global_step)
        writer.add_scalar("losses/approx_kl", (ratio - 1 - logratio).mean().item(), global_step)
        clipped = ((ratio - 1).abs() > 0.2).float().mean()
        writer.add_scalar("losses/clipfrac", clipped.item(), global_step)
        writer.add_scalar("losses/explained_variance", explained_variance, global_step)
        writer.add_histogram("weights/actor", agent.weight[:2], global_step)
        sps = int(global_step / (time.time() - start_time))
        writer.add_scalar("charts/SPS", sps, global_step)

    writer.close()
